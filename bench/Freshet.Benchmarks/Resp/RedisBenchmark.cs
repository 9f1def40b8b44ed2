using System.Diagnostics;
using System.Globalization;

namespace Freshet.Benchmarks.Resp;

/// <summary>redis-benchmark of the distribution, which repeats one command.</summary>
/// <param name="port">The server's, on 127.0.0.1.</param>
/// <param name="sockets">How many connections.</param>
/// <param name="pipeline">How many commands each sends at once, before it reads the replies.</param>
/// <param name="command">The command.</param>
internal sealed class RedisBenchmark(int port, int sockets, int pipeline, string[] command)
{
    private const int FirstTime = 20_000;
    private double _perSecond;

    /// <summary>It counts commands, not seconds: how many follows from the time before.</summary>
    public async Task<RespSample> MeasureAsync(double seconds)
    {
        var count = _perSecond == 0 ? FirstTime : Math.Max(FirstTime / 10, (int)(_perSecond * seconds));
        var start = new ProcessStartInfo("redis-benchmark") { UseShellExecute = false, RedirectStandardOutput = true };
        string[] options = ["-p", Text(port), "-c", Text(sockets), "-P", Text(pipeline), "-n", Text(count), "--csv"];
        foreach (var argument in (string[])[.. options, .. command])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
        var numbers = output.TrimEnd().Split('\n')[^1].Split("\",\"").Select(n => n.Trim('"')).ToArray();
        if (process.ExitCode != 0 || numbers.Length < 8)
            throw new InvalidOperationException($"redis-benchmark: {output}");
        _perSecond = Number(numbers[^7]);
        return new RespSample(_perSecond, Number(numbers[^4]), Number(numbers[^2]));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
