namespace Freshet.Benchmarks.Http;

/// <summary>
/// Answers per second, in rounds: each round measures every contender once, in an order that moves on by one, and what counts
/// is the ratio to the reference within the round. The median over the rounds is printed. Beside it stands the processor time
/// that the servers' process spent on an answer, which hardly changes when the machine is busy with something else.
/// </summary>
internal sealed class ThroughputTable(LoadProcess load, TextWriter output, BenchmarkOptions options)
{
    private const int Connections = 32;

    /// <summary>Measures and prints; the first contender is the reference.</summary>
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
        var reference = contenders[0].Name;
        output.WriteLine($"| server | answers/s | of {reference} | server's processor time | of {reference} | allocated |");
        output.WriteLine("|---|---|---|---|---|---|");
        for (var i = 0; i < contenders.Length; i++)
        {
            output.WriteLine(
                $"| {contenders[i].Name} | {Median(samples[i].Select(s => s.PerSecond)):N0} | {Ratio(samples[i], samples[0], s => s.PerSecond):F2} "
                + $"| {Median(samples[i].Select(s => s.Microseconds)):F2} µs | {Ratio(samples[i], samples[0], s => s.Microseconds):F2} "
                + $"| {Median(samples[i].Select(s => s.BytesPerRequest)):N0} B |");
        }

        output.WriteLine();
        output.Flush();
    }

    private async Task<Sample> MeasureAsync(Contender contender, int pipeline)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var result = await load.RunAsync(contender.Order(Connections, pipeline, options.Seconds));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        return new Sample(result.PerSecond, cpu.TotalMicroseconds / result.Responses, (double)allocated / result.Responses);
    }

    private static double Ratio(List<Sample> samples, List<Sample> reference, Func<Sample, double> of) =>
        Median(samples.Zip(reference, (sample, other) => of(sample) / of(other)));

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private readonly record struct Sample(double PerSecond, double Microseconds, double BytesPerRequest);
}
