namespace Freshet.Benchmarks.Http;

/// <summary>
/// How long answers take when many connections are kept alive and each asks again as soon as it has its answer. In rounds,
/// as <see cref="ThroughputTable"/> does; the first contender is the reference.
/// </summary>
internal sealed class LatencyTable(LoadProcess load, TextWriter output, BenchmarkOptions options)
{
    public async Task PrintAsync(int connections, params Contender[] contenders)
    {
        var results = contenders.Select(_ => new List<LoadResult>()).ToArray();
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                var n = (i + round + contenders.Length) % contenders.Length;
                var result = await load.RunAsync(contenders[n].Order(connections, pipeline: 1, options.Seconds));
                if (round >= 0) // the first one warms up
                    results[n].Add(result);
            }
        }

        output.WriteLine($"| server, {connections:N0} connections | answers/s | p50 | p99 | p99 of {contenders[0].Name} |");
        output.WriteLine("|---|---|---|---|---|");
        for (var i = 0; i < contenders.Length; i++)
        {
            var ratio = ThroughputTable.Median(results[i].Zip(results[0], (own, other) => own.P99Milliseconds / other.P99Milliseconds));
            output.WriteLine(
                $"| {contenders[i].Name} | {ThroughputTable.Median(results[i].Select(r => r.PerSecond)):N0} "
                + $"| {ThroughputTable.Median(results[i].Select(r => r.P50Milliseconds)):N0} ms "
                + $"| {ThroughputTable.Median(results[i].Select(r => r.P99Milliseconds)):N0} ms | {ratio:F2} |");
        }

        output.Flush();
    }
}
