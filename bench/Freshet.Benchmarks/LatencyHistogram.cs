using System.Diagnostics;

namespace Freshet.Benchmarks;

/// <summary>How many of what was timed took so long, in buckets of 20 µs up to 20 s. Safe for concurrent use.</summary>
internal sealed class LatencyHistogram
{
    private const int BucketMicroseconds = 20;
    private readonly int[] _counts = new int[1_000_000];

    public void Add(long from, long to)
    {
        var bucket = (int)(Stopwatch.GetElapsedTime(from, to).TotalMicroseconds / BucketMicroseconds);
        Interlocked.Increment(ref _counts[Math.Clamp(bucket, 0, _counts.Length - 1)]);
    }

    /// <summary>In milliseconds.</summary>
    public double Percentile(double share)
    {
        var left = _counts.Sum(count => (long)count) * share;
        for (var i = 0; i < _counts.Length; i++)
        {
            left -= _counts[i];
            if (left <= 0)
                return (i + 0.5) * BucketMicroseconds / 1000;
        }

        return double.NaN;
    }
}
