namespace Freshet.Simulation;

/// <summary>A small seeded generator (xoshiro256**, seeded by splitmix64; Blackman and Vigna, public domain): the same
/// seed gives the same run on every runtime.</summary>
internal sealed class Prng
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    public Prng(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    public ulong Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>From 0 to below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>True in <paramref name="perMillion"/> of a million cases.</summary>
    public bool Chance(int perMillion) => perMillion > 0 && Below(1_000_000) < perMillion;

    /// <summary>128 bits that name an epoch or an incarnation.</summary>
    public UInt128 Name() => new(Next(), Next());

    private static ulong SplitMix(ref ulong state)
    {
        var z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
