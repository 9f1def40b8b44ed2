namespace Freshet.Benchmarks.HitRatio;

/// <summary>A sequence of keys to ask for; the same for every cache.</summary>
internal sealed record Trace(string Name, int[] Requests)
{
    private const int Keys = 100_000;
    private const int Length = 2_000_000;

    public static IEnumerable<Trace> All()
    {
        foreach (var skew in (double[])[0.7, 0.9, 1.1])
        {
            yield return new Trace($"Zipf {skew}", Zipf(skew, new Random(1)).Take(Length).ToArray());
            yield return new Trace($"Zipf {skew}, 1/3 scans", WithScans(Zipf(skew, new Random(1))).Take(Length).ToArray());
        }

        yield return new Trace("Zipf 0.9, popularity drifts", Drifting(Zipf(0.9, new Random(1))).Take(Length).ToArray());
        yield return new Trace("loop over 10,000 keys", Enumerable.Range(0, Length).Select(i => i % 10_000).ToArray());
    }

    private static IEnumerable<int> Zipf(double skew, Random random)
    {
        var cumulative = new double[Keys];
        var sum = 0.0;
        for (var rank = 1; rank <= Keys; rank++)
            cumulative[rank - 1] = sum += Math.Pow(rank, -skew);
        while (true)
        {
            var at = Array.BinarySearch(cumulative, random.NextDouble() * sum);
            yield return at < 0 ? Math.Min(~at, Keys - 1) : at;
        }
    }

    /// <summary>After each 20,000 requests, 10,000 keys in a row that are never asked for again: an export, a crawler.</summary>
    private static IEnumerable<int> WithScans(IEnumerable<int> requests)
    {
        var (count, scanned) = (0, Keys);
        foreach (var request in requests)
        {
            yield return request;
            if (++count % 20_000 != 0)
                continue;
            for (var i = 0; i < 10_000; i++)
                yield return scanned++;
        }
    }

    /// <summary>Every 100,000 requests the ranks move on by 50 keys: today's favourites are not last week's.</summary>
    private static IEnumerable<int> Drifting(IEnumerable<int> requests)
    {
        var count = 0;
        foreach (var request in requests)
            yield return (request + 50 * (count++ / 100_000)) % Keys;
    }
}
