using System.Numerics;

namespace Freshet.Memory;

/// <summary>
/// Remembers the hashes of keys that were evicted lately: as many as the caller says count as "lately". Eight bytes a key,
/// no links and nothing to delete: a slot holds a hash and the number of the eviction that wrote it, is void once that number
/// is too long ago, and the oldest of four slots is overwritten. A false "yes" (one in 10⁹) only admits a key a little early.
/// </summary>
internal sealed class GhostTable
{
    private const int Ways = 4;
    private ulong[] _slots = new ulong[Ways];
    private uint _evictions = 1; // 0 in a slot: never written

    public void Add(int hash, int remembered)
    {
        if (_slots.Length < 2L * remembered)
            Grow(remembered);
        _evictions++;
        Write(_slots, hash, _evictions);
    }

    public bool Contains(int hash, int remembered)
    {
        foreach (var slot in Bucket(_slots, hash))
        {
            if ((int)slot == hash && slot >> 32 != 0 && _evictions - (uint)(slot >> 32) < (uint)remembered)
                return true;
        }

        return false;
    }

    public void Clear() => Array.Clear(_slots);

    private void Grow(int remembered)
    {
        var larger = new ulong[BitOperations.RoundUpToPowerOf2(2u * (uint)remembered)];
        foreach (var slot in _slots)
        {
            if (slot >> 32 != 0)
                Write(larger, (int)slot, (uint)(slot >> 32));
        }

        _slots = larger;
    }

    private void Write(ulong[] slots, int hash, uint eviction)
    {
        var bucket = Bucket(slots, hash);
        var oldest = 0;
        for (var i = 1; i < bucket.Length; i++)
        {
            if (_evictions - (uint)(bucket[i] >> 32) > _evictions - (uint)(bucket[oldest] >> 32))
                oldest = i;
        }

        bucket[oldest] = ((ulong)eviction << 32) | (uint)hash;
    }

    private static Span<ulong> Bucket(ulong[] slots, int hash) =>
        slots.AsSpan((int)((uint)hash * 0x9E3779B1u >> 1) & (slots.Length - Ways), Ways);
}
