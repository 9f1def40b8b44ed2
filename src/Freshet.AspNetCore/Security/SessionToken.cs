using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Freshet.AspNetCore.Security;

/// <summary>The positions that a client carries: one in its tenant's log, one in the public log; null for none (C10).</summary>
internal readonly record struct SessionPositions(Position? Own, Position? Public)
{
    public bool IsEmpty => Own is null && Public is null;

    /// <summary>Both: in each log the later position, and of two epochs the one of <paramref name="later"/>.</summary>
    public SessionPositions Then(SessionPositions later) => new(Later(Own, later.Own), Later(Public, later.Public));

    private static Position? Later(Position? known, Position? later) =>
        later is not { } l ? known
        : known is { } k && k.Epoch == l.Epoch && k.Offset > l.Offset ? k
        : l;
}

/// <summary>
/// The text form of <see cref="SessionPositions"/>: Base64Url of these bytes. It is authenticated and bound to a tenant, so
/// a client can neither invent a position nor carry one from tenant to tenant.
/// </summary>
/// <remarks>
/// <code>
/// 0      version, 1
/// 1      bit 0: an own position follows; bit 1: a public position follows
/// then   each: epoch, 16 bytes; offset, 8 bytes; both little-endian
/// then   MAC, 16 bytes: HMAC-SHA256(key, tenant id in UTF-8 | 0xFF | all bytes above), cut
/// </code>
/// </remarks>
internal static class SessionToken
{
    private const byte Version = 1;
    private const int HeadBytes = 2;
    private const int PositionBytes = 24;
    private const int MacBytes = 16;
    private const int MaxBytes = HeadBytes + (2 * PositionBytes) + MacBytes;
    private const int MaxTenantBytes = 3 * (Keys.KeyPart.MaxSegmentLength + 1);

    public static string Create(ReadOnlySpan<byte> key, Tenant tenant, SessionPositions positions)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        bytes[0] = Version;
        bytes[1] = (byte)((positions.Own is null ? 0 : 1) | (positions.Public is null ? 0 : 2));
        var length = HeadBytes;
        foreach (var position in (ReadOnlySpan<Position?>)[positions.Own, positions.Public])
        {
            if (position is not { } p)
                continue;
            BinaryPrimitives.WriteUInt128LittleEndian(bytes[length..], p.Epoch.Value);
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(length + 16)..], p.Offset);
            length += PositionBytes;
        }

        Mac(key, tenant, bytes[..length], bytes.Slice(length, MacBytes));
        return Base64Url.EncodeToString(bytes[..(length + MacBytes)]);
    }

    /// <summary>Reads a token; a forged, damaged or foreign one is none at all.</summary>
    public static bool TryRead(ReadOnlySpan<byte> key, Tenant tenant, ReadOnlySpan<char> text, out SessionPositions positions)
    {
        positions = default;
        if (text.Length > Base64Url.GetEncodedLength(MaxBytes))
            return false;

        Span<byte> bytes = stackalloc byte[MaxBytes];
        if (Base64Url.DecodeFromChars(text, bytes, out _, out var length) is not System.Buffers.OperationStatus.Done
            || length < HeadBytes + MacBytes || bytes[0] != Version || bytes[1] > 3)
        {
            return false;
        }

        var signed = bytes[..(length - MacBytes)];
        Span<byte> mac = stackalloc byte[MacBytes];
        Mac(key, tenant, signed, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[(length - MacBytes)..length]))
            return false;

        var rest = signed[HeadBytes..];
        var own = (bytes[1] & 1) != 0 ? Take(ref rest) : null;
        var shared = (bytes[1] & 2) != 0 ? Take(ref rest) : null;
        positions = new SessionPositions(own, shared);
        return rest.IsEmpty;
    }

    private static Position? Take(ref Span<byte> rest)
    {
        if (rest.Length < PositionBytes)
            return null;
        var position = new Position(
            new Epoch(BinaryPrimitives.ReadUInt128LittleEndian(rest)), BinaryPrimitives.ReadInt64LittleEndian(rest[16..]));
        rest = rest[PositionBytes..];
        return position;
    }

    private static void Mac(ReadOnlySpan<byte> key, Tenant tenant, ReadOnlySpan<byte> signed, Span<byte> mac)
    {
        Span<byte> message = stackalloc byte[MaxTenantBytes + 1 + MaxBytes];
        var length = Encoding.UTF8.GetBytes(tenant.Id, message);
        message[length++] = 0xFF; // no byte of UTF-8
        signed.CopyTo(message[length..]);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..(length + signed.Length)], whole);
        whole[..MacBytes].CopyTo(mac);
    }
}
