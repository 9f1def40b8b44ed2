namespace Traffic.Measuring;

/// <summary>
/// Counts durations in buckets that are 1.6 % wide, from 1 µs to about an hour, so that a percentile is exact to 1.6 %.
/// Not safe for concurrent use: every client fills its own, and <see cref="Add(Histogram)"/> joins them.
/// </summary>
internal sealed class Histogram
{
    // A bucket is a power of two of microseconds, split in 64 equal parts.
    private const int PartBits = 6;
    private const int Parts = 1 << PartBits;
    private const int LastPower = 32;
    private readonly long[] _counts = new long[(LastPower - PartBits + 2) * Parts];

    public long Count { get; private set; }

    public void Record(TimeSpan duration)
    {
        _counts[BucketOf((long)Math.Round(duration.TotalMicroseconds))]++;
        Count++;
    }

    public void Add(Histogram other)
    {
        for (var i = 0; i < _counts.Length; i++) _counts[i] += other._counts[i];
        Count += other.Count;
    }

    /// <summary>The smallest duration that at least <paramref name="share"/> (0–1) of the recorded ones do not exceed; zero when none is recorded.</summary>
    public TimeSpan Percentile(double share)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(share, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        if (Count == 0) return TimeSpan.Zero;
        var rank = Math.Max(1, (long)Math.Ceiling(share * Count));
        var bucket = -1;
        while (rank > 0) rank -= _counts[++bucket];
        return TimeSpan.FromMicroseconds(UpperEndOf(bucket));
    }

    private static int BucketOf(long microseconds)
    {
        var value = Math.Clamp(microseconds, 0, (1L << LastPower) - 1);
        if (value < Parts) return (int)value;
        var power = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);
        var shift = power - PartBits;
        return ((shift + 1) << PartBits) + (int)((value >> shift) - Parts);
    }

    private static long UpperEndOf(int bucket)
    {
        if (bucket < Parts) return bucket;
        var shift = (bucket >> PartBits) - 1;
        return ((Parts + (bucket & (Parts - 1)) + 1L) << shift) - 1;
    }
}
