using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Freshet.Keys;

/// <summary>
/// The 64-bit hashes that place tags on clocks. They are the same on every node and in every release: nodes that share a
/// store must agree. They need no secret: a collision only invalidates too much, it never serves what it must not.
/// </summary>
internal static class TagHash
{
    // Odd constants of wyhash (Wang Yi, public domain); multiply-and-fold mixes 64 bits in one multiplication.
    private const ulong Seed = 0xa0761d6478bd642f;
    private const ulong Multiplier = 0xe7037ed1a0b428db;

    /// <summary>The hash of the root, then of each longer prefix of the path.</summary>
    public static ulong[] OfPrefixes(ReadOnlySpan<string> segments)
    {
        var hashes = new ulong[segments.Length + 1];
        hashes[0] = Seed;
        for (var i = 0; i < segments.Length; i++)
            hashes[i + 1] = Combine(hashes[i], segments[i]);
        return hashes;
    }

    public static ulong OfText(string text) => Combine(Seed, text);

    public static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a ^ Seed, b ^ Multiplier, out var low);
        return high ^ low;
    }

    // The length goes in first: "ab","c" and "a","bc" are different paths.
    private static ulong Combine(ulong hash, string segment)
    {
        hash = Mix(hash, (ulong)segment.Length);
        var bytes = MemoryMarshal.AsBytes(segment.AsSpan());
        while (bytes.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        ulong tail = 0;
        for (var i = 0; i < bytes.Length; i++)
            tail |= (ulong)bytes[i] << (8 * i);
        return Mix(hash, tail);
    }
}
