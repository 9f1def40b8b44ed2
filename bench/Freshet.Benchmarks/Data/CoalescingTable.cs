using System.Diagnostics;
using Microsoft.Extensions.Caching.Hybrid;
using ZiggyCreatures.Caching.Fusion;

namespace Freshet.Benchmarks.Data;

/// <summary>
/// A thousand callers ask for a key that is being loaded: how many loads run, how long after the load the last caller has
/// the value, and what each of them allocates.
/// </summary>
internal static class CoalescingTable
{
    private const int Callers = 1_000;
    private const int Rounds = 200;

    private delegate ValueTask<Payload?> Read(string key, Func<CancellationToken, Task<Payload>> load);

    public static async Task PrintAsync(TextWriter output)
    {
        output.WriteLine("| cache | loads | last caller served after (median) | allocated per caller |");
        output.WriteLine("|---|---|---|---|");
        foreach (var (name, read) in Contenders())
        {
            await MeasureAsync(read, "warm-up");
            var (loads, after, bytes) = await MeasureAsync(read, "measured");
            output.WriteLine($"| {name} | {(double)loads / Rounds:F2} | {after.TotalMicroseconds:N0} µs | {bytes:N0} B |");
        }
    }

    private static IEnumerable<(string, Read)> Contenders()
    {
        yield return ("HybridCache", From(DataCaches.Microsoft()));
        yield return ("FusionCache", From(DataCaches.Fusion()));
        yield return ("Freshet", From(DataCaches.Freshet()));
    }

    private static Read From(HybridCache cache) => (key, load) =>
        cache.GetOrCreateAsync(key, load, static async (load, cancel) => (Payload?)await load(cancel));

    private static Read From(IFusionCache cache) => (key, load) =>
        cache.GetOrSetAsync<Payload?>(key, async (_, cancel) => await load(cancel));

    private static async Task<(int Loads, TimeSpan After, double Bytes)> MeasureAsync(Read read, string prefix)
    {
        var loads = 0;
        var times = new TimeSpan[Rounds];
        var tasks = new Task[Callers];
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (var round = 0; round < Rounds; round++)
        {
            var origin = new TaskCompletionSource<Payload>(TaskCreationOptions.RunContinuationsAsynchronously);
            var key = $"{prefix}/{round}";
            for (var i = 0; i < Callers; i++)
                tasks[i] = read(key, LoadAsync).AsTask();

            var started = Stopwatch.GetTimestamp();
            origin.SetResult(Payload.Sample);
            await Task.WhenAll(tasks);
            times[round] = Stopwatch.GetElapsedTime(started);

            Task<Payload> LoadAsync(CancellationToken cancel)
            {
                Interlocked.Increment(ref loads);
                return origin.Task;
            }
        }

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        Array.Sort(times);
        return (loads, times[Rounds / 2], (double)allocated / (Rounds * Callers));
    }
}
