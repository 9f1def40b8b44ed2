namespace Traffic.Scripts;

/// <summary>
/// Seeded chance (SplitMix64): the same seed gives the same script on every machine and runtime.
/// Not safe for concurrent use: every user has dice of their own.
/// </summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Dice for one of many users, independent of every other user's.</summary>
    public static Dice For(int seed, int user) => new(Mix(((ulong)(uint)seed << 32) | (uint)user));

    public int Below(int exclusiveMax) => (int)(Unit() * exclusiveMax);

    public bool Chance(double probability) => Unit() < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>Picks by Zipf's law: the n-th item is n times rarer than the first.</summary>
    public T PickPopular<T>(IReadOnlyList<T> items)
    {
        var total = 0.0;
        for (var rank = 1; rank <= items.Count; rank++) total += 1.0 / rank;
        var left = Unit() * total;
        for (var rank = 1; rank < items.Count; rank++)
        {
            left -= 1.0 / rank;
            if (left < 0) return items[rank - 1];
        }

        return items[^1];
    }

    /// <summary>A waiting time with the given mean, distributed exponentially and cut at ten times the mean.</summary>
    public TimeSpan Wait(TimeSpan mean) => mean * Math.Min(10, -Math.Log(1 - Unit()));

    private double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    private ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
