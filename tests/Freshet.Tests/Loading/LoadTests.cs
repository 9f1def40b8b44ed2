using Freshet.Loading;

namespace Freshet.Tests.Loading;

/// <summary>Tests of the loader: an engine, and the loads that a test holds at their gates.</summary>
public abstract class LoadTests : IDisposable
{
    public EngineFixture Fixture { get; } = new();

    internal CacheEngine Engine => Fixture.Engine;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Fixture.Dispose();
    }

    /// <summary>The load of a request that must not load.</summary>
    internal static ValueTask<Loaded> Never(LoadScope scope, CancellationToken cancel) =>
        throw new InvalidOperationException("This request should not have loaded.");

    /// <summary>Loads the key <c>k</c>, alone.</summary>
    internal async Task<LoadOutcome> LoadAsync(GatedLoad load, string value)
    {
        var running = Engine.LoadAsync("k", Fixture.Request(load.RunAsync), default);
        await load.Started;
        load.End(value);
        return await running;
    }
}
