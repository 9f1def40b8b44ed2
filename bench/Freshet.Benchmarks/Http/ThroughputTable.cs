namespace Freshet.Benchmarks.Http;

/// <summary>
/// Answers per second, in rounds: each round measures every contender once, in an order that moves on by one, and what counts
/// is the ratio to the reference within the round. The median over the rounds is printed; the machine may be as busy as it
/// likes, as long as it is busy evenly.
/// </summary>
internal sealed class ThroughputTable(LoadProcess load, TextWriter output, BenchmarkOptions options)
{
    private const int Connections = 32;

    public async Task PrintAsync(string title, int pipeline, params Contender[] contenders)
    {
        var samples = contenders.Select(_ => new List<Sample>()).ToArray();
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                var n = (i + round + contenders.Length) % contenders.Length;
                var sample = await MeasureAsync(contenders[n], pipeline);
                if (round >= 0) // the first one warms up
                    samples[n].Add(sample);
            }
        }

        output.WriteLine($"### {title}, {(pipeline == 1 ? "not pipelined" : $"pipelined ×{pipeline}")}");
        output.WriteLine();
        output.WriteLine($"| server | answers/s | of {contenders[0].Name} | of {contenders[1].Name} | allocated per request |");
        output.WriteLine("|---|---|---|---|---|");
        for (var i = 0; i < contenders.Length; i++)
        {
            var (ofFirst, ofSecond) = (Ratio(samples[i], samples[0]), Ratio(samples[i], samples[1]));
            output.WriteLine(
                $"| {contenders[i].Name} | {Median(samples[i].Select(s => s.PerSecond)):N0} | {ofFirst:F2} | {ofSecond:F2} "
                + $"| {Median(samples[i].Select(s => s.BytesPerRequest)):N0} B |");
        }

        output.WriteLine();
        output.Flush();
    }

    private async Task<Sample> MeasureAsync(Contender contender, int pipeline)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var result = await load.RunAsync(contender.Order(Connections, pipeline, options.Seconds));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        return new Sample(result.PerSecond, (double)allocated / result.Responses);
    }

    private static double Ratio(List<Sample> samples, List<Sample> reference) =>
        Median(samples.Zip(reference, (sample, other) => sample.PerSecond / other.PerSecond));

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Sample(double PerSecond, double BytesPerRequest);
}
