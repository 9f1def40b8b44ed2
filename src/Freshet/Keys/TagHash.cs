using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freshet.Keys;

/// <summary>
/// A keyed 64-bit hash of paths, by which tags fall on clocks: SipHash-2-4 (Aumasson and Bernstein), chained over the segments.
/// Immutable.
/// </summary>
/// <remarks>
/// A collision only invalidates too much. The key keeps anybody who may choose names from choosing collisions: SipHash is made
/// so that its results cannot be told from random ones without the key, whatever the input. A fast hash with a secret seed is no
/// substitute: for such hashes inputs are known that collide under every seed.
/// </remarks>
internal readonly struct TagHash(ulong key0, ulong key1)
{
    /// <summary>The hash of the root, the path without segments.</summary>
    public const ulong Root = 0;

    /// <summary>A key that nobody else has: for hashes that do not leave this process.</summary>
    public static TagHash Random()
    {
        Span<byte> key = stackalloc byte[16];
        RandomNumberGenerator.Fill(key);
        return FromKey(key);
    }

    /// <param name="key">At least 16 bytes, of which the first 16 count.</param>
    public static TagHash FromKey(ReadOnlySpan<byte> key) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));

    /// <summary>The hashes of a path's prefixes: its first segment, its first two … and the whole path.</summary>
    /// <param name="path">At most <see cref="Tag.MaxDepth"/> segments.</param>
    /// <param name="hashes">Receives one hash for each segment.</param>
    public void OfPrefixes(ReadOnlySpan<string> path, Span<ulong> hashes)
    {
        var parent = Root;
        for (var i = 0; i < path.Length; i++)
            hashes[i] = parent = Of(parent, path[i]);
    }

    /// <summary>The hash of the whole path; of the root <see cref="Root"/>.</summary>
    public ulong OfPath(ReadOnlySpan<string> path)
    {
        var hash = Root;
        foreach (var segment in path)
            hash = Of(hash, segment);
        return hash;
    }

    // Eight bytes of the parent's hash, then the segment's code units. SipHash ends with the length, so no two inputs are one.
    internal ulong Of(ulong parent, string segment) => Of(parent, MemoryMarshal.AsBytes(segment.AsSpan()));

    internal ulong Of(ulong parent, ReadOnlySpan<byte> segment)
    {
        var (a, b) = (key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d);
        var (c, d) = (key0 ^ 0x6c7967656e657261, key1 ^ 0x7465646279746573);
        Add(parent, ref a, ref b, ref c, ref d);
        var left = segment;
        for (; left.Length >= 8; left = left[8..])
            Add(BinaryPrimitives.ReadUInt64LittleEndian(left), ref a, ref b, ref c, ref d);
        var last = (ulong)(segment.Length + sizeof(ulong)) << 56;
        for (var i = 0; i < left.Length; i++)
            last |= (ulong)left[i] << (8 * i);
        Add(last, ref a, ref b, ref c, ref d);

        c ^= 0xff;
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        return a ^ b ^ c ^ d;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ulong block, ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        d ^= block;
        Round(ref a, ref b, ref c, ref d);
        Round(ref a, ref b, ref c, ref d);
        a ^= block;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a += b;
        b = BitOperations.RotateLeft(b, 13) ^ a;
        a = BitOperations.RotateLeft(a, 32);
        c += d;
        d = BitOperations.RotateLeft(d, 16) ^ c;
        a += d;
        d = BitOperations.RotateLeft(d, 21) ^ a;
        c += b;
        b = BitOperations.RotateLeft(b, 17) ^ c;
        c = BitOperations.RotateLeft(c, 32);
    }
}
