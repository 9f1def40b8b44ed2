using System.Security.Cryptography;

namespace Freshet.Resp.Topology;

/// <summary>
/// How long to wait before the next attempt: up to a bound that doubles with each failure, and a random part of it, so that the
/// nodes that one outage has cut off do not come back together.
/// </summary>
/// <param name="first">The bound after the first failure.</param>
/// <param name="longest">The bound never exceeds it.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan longest)
{
    /// <summary>Cut off nodes load everything from the origin, so the first attempts follow quickly.</summary>
    public static Backoff Default { get; } = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));

    /// <param name="failures">How many attempts have failed in a row; 1 or more.</param>
    public TimeSpan After(int failures)
    {
        var bound = Math.Min(longest.Ticks, first.Ticks << Math.Min(failures - 1, 16));
        return TimeSpan.FromTicks((long)(bound * (RandomNumberGenerator.GetInt32(1, 1001) / 1000.0)));
    }
}
