using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Freshet;

/// <summary>
/// The random name of one incarnation of a tenant's invalidation log. Positions of different epochs cannot be compared:
/// everything of another epoch is invalid (C13). Immutable and safe to share between threads.
/// </summary>
/// <param name="Value">128 random bits.</param>
public readonly record struct Epoch(UInt128 Value)
{
    /// <summary>The 32 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    // C13: the caller names the epoch; a random source inside a store repeats itself after a restart.
    internal static Epoch Random()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new Epoch(BinaryPrimitives.ReadUInt128LittleEndian(bytes));
    }
}

/// <summary>A place in one tenant's invalidation log: after its first <paramref name="Offset"/> records.</summary>
/// <param name="Epoch">The incarnation of the log.</param>
/// <param name="Offset">How many records of that epoch lie before this place; zero or more.</param>
public readonly record struct Position(Epoch Epoch, long Offset)
{
    /// <summary>For people: the start of the epoch and the offset.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch.ToString()[..8]}:{Offset}");
}
