using System.Diagnostics;
using System.Globalization;
using Freshet.Benchmarks.Http;
using Freshet.Resp.Connections;
using Freshet.TestServers;

namespace Freshet.Benchmarks.Resp;

/// <summary>
/// Commands a second over one connection, beside what redis-benchmark reaches with one socket that pipelines as many commands as
/// there are callers, and with a socket for each. In rounds, in which each is measured once and who comes first takes turns; what counts
/// is the ratio within a round. Beside it stands the processor time of this process for each, which hardly changes when the machine is busy.
/// </summary>
internal static class RespBenchmark
{
    private static readonly int[] Callers = [1, 64, 512];

    public static async Task RunAsync(TextWriter output, BenchmarkOptions options)
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await RespConnection.ConnectAsync(server.EndPoint, new RespConnectionSettings(), null, TimeProvider.System, default);
        await Operations.PrepareAsync(connection);
        foreach (var operation in Operations.All)
        {
            output.WriteLine($"### {operation.Name}");
            output.WriteLine();
            output.WriteLine("| client | callers | commands/s | of redis-benchmark, one socket | p50 | p99 | client's processor time | allocated |".Replace("commands", operation.Unit, StringComparison.Ordinal));
            output.WriteLine("|---|---|---|---|---|---|---|---|");
            foreach (var callers in Callers)
                await CompareAsync(output, options, operation, connection, server.Port, callers);
            output.WriteLine();
            output.Flush();
        }
    }

    private static async Task CompareAsync(TextWriter output, BenchmarkOptions options, Operation operation, RespConnection connection, int port, int callers)
    {
        var pipelined = new RedisBenchmark(port, sockets: 1, pipeline: callers, operation.Reference);
        var many = new RedisBenchmark(port, sockets: callers, pipeline: 1, operation.Reference);
        List<(string Name, Func<double, Task<RespSample>> Measure)> contenders =
        [
            ($"redis-benchmark, one socket{(callers == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", -P {callers}"))}", pipelined.MeasureAsync),
            ("Freshet.Resp", seconds => MeasureAsync(operation, connection, callers, seconds)),
        ];
        if (callers > 1)
            contenders.Add((string.Create(CultureInfo.InvariantCulture, $"redis-benchmark, {callers} sockets"), many.MeasureAsync));

        var samples = contenders.Select(_ => new List<RespSample>()).ToArray();
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < contenders.Count; i++)
            {
                var n = (i + round + contenders.Count) % contenders.Count;
                var sample = await contenders[n].Measure(options.Seconds);
                if (round >= 0) // the first one warms up
                    samples[n].Add(sample);
            }
        }

        for (var i = 0; i < contenders.Count; i++)
        {
            var ratio = ThroughputTable.Median(samples[i].Zip(samples[0], (own, other) => own.PerSecond / other.PerSecond));
            output.WriteLine(
                $"| {contenders[i].Name} | {callers} | {Of(i, s => s.PerSecond):N0} | {ratio:F2} | {Of(i, s => s.P50):F3} ms | {Of(i, s => s.P99):F3} ms "
                + (contenders[i].Name == "Freshet.Resp" ? $"| {Of(i, s => s.Microseconds):F2} µs | {Of(i, s => s.BytesPerOperation):N0} B |" : "| | |"));
        }

        double Of(int contender, Func<RespSample, double> value) => ThroughputTable.Median(samples[contender].Select(value));
    }

    private static async Task<RespSample> MeasureAsync(Operation operation, RespConnection connection, int callers, double seconds)
    {
        var histogram = new LatencyHistogram(bucketMicroseconds: 1);
        var tasks = new Task<long>[callers];
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var cpuBefore = Environment.CpuUsage.TotalTime;
        var start = Stopwatch.GetTimestamp();
        var end = start + (long)(seconds * Stopwatch.Frequency);
        for (var i = 0; i < callers; i++)
            tasks[i] = Task.Run(() => CallAsync(operation, connection, histogram, end));
        var count = (await Task.WhenAll(tasks)).Sum();
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        var cpu = Environment.CpuUsage.TotalTime - cpuBefore;
        return new RespSample(count / elapsed, histogram.Percentile(0.5), histogram.Percentile(0.99), cpu.TotalMicroseconds / count, (double)allocated / count);
    }

    private static async Task<long> CallAsync(Operation operation, RespConnection connection, LatencyHistogram histogram, long end)
    {
        var count = 0L;
        for (var from = Stopwatch.GetTimestamp(); from < end; count++)
        {
            await operation.RunAsync(connection);
            var to = Stopwatch.GetTimestamp();
            histogram.Add(from, to);
            from = to;
        }

        return count;
    }
}

/// <summary>What one measurement gave: latencies in milliseconds, the processor time of one operation, and what it allocated.</summary>
internal readonly record struct RespSample(double PerSecond, double P50, double P99, double Microseconds = double.NaN, double BytesPerOperation = double.NaN);
