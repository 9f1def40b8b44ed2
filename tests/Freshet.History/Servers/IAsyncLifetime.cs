namespace Freshet.TestServers;

/// <summary>What the servers that tests share are to xunit, which a program has no need of.</summary>
public interface IAsyncLifetime : IAsyncDisposable
{
    ValueTask InitializeAsync();
}
