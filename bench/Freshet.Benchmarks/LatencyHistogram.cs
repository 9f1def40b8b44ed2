using System.Diagnostics;

namespace Freshet.Benchmarks;

/// <summary>How many of what was timed took so long, in a million buckets. Safe for concurrent use.</summary>
/// <param name="bucketMicroseconds">How wide a bucket is.</param>
internal sealed class LatencyHistogram(int bucketMicroseconds = 20)
{
    private readonly int[] _counts = new int[1_000_000];

    public void Add(long from, long to)
    {
        var bucket = (int)(Stopwatch.GetElapsedTime(from, to).TotalMicroseconds / bucketMicroseconds);
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
                return (i + 0.5) * bucketMicroseconds / 1000;
        }

        return double.NaN;
    }
}
