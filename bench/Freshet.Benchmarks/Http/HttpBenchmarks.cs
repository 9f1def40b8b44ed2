namespace Freshet.Benchmarks.Http;

/// <summary>The HTTP measurements of docs/benchmarks.md.</summary>
internal static class HttpBenchmarks
{
    public static async Task HitsAsync(TextWriter output, BenchmarkOptions options)
    {
        using var load = new LoadProcess();
        var table = new ThroughputTable(load, output, options);
        foreach (var conditional in (bool[])[false, true])
        {
            await using var freshet = await (await Contenders.FreshetAsync()).PrepareAsync(conditional);
            await using var routed = await (await Contenders.RoutedAsync(freshet)).PrepareAsync(conditional);
            await using var bare = await (await Contenders.BareAsync()).PrepareAsync();
            await using var outputCache = await (await Contenders.OutputCacheAsync()).PrepareAsync(conditional);
            await using var responseCaching = await (await Contenders.ResponseCachingAsync()).PrepareAsync(conditional);
            foreach (var pipeline in (int[])[16, 1])
                await table.PrintAsync(conditional ? "304" : "Anonymous hit", pipeline, routed, bare, outputCache, responseCaching, freshet);
        }
    }

    public static async Task AuthenticatedAsync(TextWriter output, BenchmarkOptions options)
    {
        using var load = new LoadProcess();
        var table = new ThroughputTable(load, output, options);
        await using var freshet = await (await Contenders.AuthenticatedFreshetAsync()).PrepareAsync(authenticated: true);
        await using var alone = await (await Contenders.AuthenticatedAsync(freshet)).PrepareAsync(authenticated: true);
        foreach (var pipeline in (int[])[16, 1])
            await table.PrintAsync("Hit of a signed-in user", pipeline, alone, freshet);
    }

    public static async Task ConnectionsAsync(TextWriter output, BenchmarkOptions options)
    {
        using var load = new LoadProcess();
        var table = new LatencyTable(load, output, options);
        await using var freshet = await (await Contenders.FreshetAsync()).PrepareAsync();
        await using var routed = await (await Contenders.RoutedAsync(freshet)).PrepareAsync();
        await using var outputCache = await (await Contenders.OutputCacheAsync()).PrepareAsync();
        await table.PrintAsync(10_000, routed, outputCache, freshet);
    }
}
