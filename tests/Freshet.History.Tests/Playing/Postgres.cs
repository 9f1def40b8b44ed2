using Freshet.TestServers;

[assembly: AssemblyFixture(typeof(Freshet.History.Tests.Playing.Postgres))]

// Each run has several processes; two at once would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Freshet.History.Tests.Playing;

/// <summary>The database of all runs.</summary>
public sealed class Postgres : Xunit.IAsyncLifetime
{
    public PostgresServer Server { get; } = new();

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
