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
                await table.PrintAsync(conditional ? "304" : "Anonymous hit", pipeline, bare, routed, outputCache, responseCaching, freshet);
        }
    }
}
