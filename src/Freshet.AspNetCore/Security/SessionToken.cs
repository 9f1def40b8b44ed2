using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Freshet.Coherence;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// The text form of positions (C10): one token for each log and epoch, joined by <c>.</c>. A token is authenticated and bound to a
/// tenant, so a client can neither invent a position nor carry one from tenant to tenant; which of two tokens of an epoch is
/// the later one, a client may read.
/// </summary>
/// <remarks>
/// <para>A token is the Base64Url of these bytes:</para>
/// <code>
/// 0      version, 2
/// 1      0: the tenant's own log; 1: the public log
/// 2      epoch, 16 bytes, little-endian
/// 18     offset, 8 bytes, little-endian
/// 26     MAC, 16 bytes: HMAC-SHA256(key, tenant id in UTF-8 | 0xFF | all bytes above), cut
/// </code>
/// </remarks>
internal static class SessionToken
{
    /// <summary>What stands between two tokens: no character of Base64Url, and allowed in a cookie.</summary>
    public const char Separator = '.';

    // RFC 9110 §5.3: a field that was sent twice may arrive as one, joined by commas.
    private const string Separators = "., ";

    /// <summary>How many tokens are looked at; a client needs six (<see cref="LogPositions.MaxEpochs"/>), and one that cannot compare them a few more.</summary>
    public const int MaxTokens = 8;

    private const byte Version = 2;
    private const int SignedBytes = 26;
    private const int TokenBytes = SignedBytes + 16;
    private const int TokenChars = TokenBytes / 3 * 4;
    private const int MaxTenantBytes = 3 * (Keys.KeyPart.MaxSegmentLength + 1);

    /// <summary>The text of a place; empty for none.</summary>
    public static string Create(ReadOnlySpan<byte> key, Tenant tenant, SessionPositions place) => Create(key, tenant, CarriedPositions.Of(place));

    /// <summary>The text; empty for no positions. The epoch that was heard of last stands at the end of its log's.</summary>
    public static string Create(ReadOnlySpan<byte> key, Tenant tenant, CarriedPositions positions)
    {
        Span<char> text = stackalloc char[2 * LogPositions.MaxEpochs * (TokenChars + 1)];
        var length = 0;
        foreach (var position in positions.Own.All)
            Append(text, ref length, key, tenant, isPublic: false, position);
        foreach (var position in positions.Public.All)
            Append(text, ref length, key, tenant, isPublic: true, position);
        return new string(text[..length]);
    }

    /// <summary>Reads a place: of each log the epoch that stands last in the text.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool TryRead(SessionKeys keys, Tenant tenant, ReadOnlySpan<char> text, out SessionPositions place)
    {
        place = Read(keys, tenant, text).Latest;
        return !place.IsEmpty;
    }

    /// <summary>Reads tokens; a forged, damaged or foreign one is none at all, and of two for one epoch the higher one counts.</summary>
    public static CarriedPositions Read(SessionKeys keys, Tenant tenant, ReadOnlySpan<char> text)
    {
        var positions = default(CarriedPositions);
        var left = MaxTokens;
        foreach (var range in text.SplitAny(Separators))
        {
            if (text[range].IsEmpty)
                continue;
            if (left-- == 0)
                break;
            if (TryReadOne(keys, tenant, text[range], out var isPublic, out var position))
                positions = isPublic ? positions with { Public = positions.Public.With(position) } : positions with { Own = positions.Own.With(position) };
        }

        return positions;
    }

    private static void Append(Span<char> text, ref int length, ReadOnlySpan<byte> key, Tenant tenant, bool isPublic, Position position)
    {
        // The node has not seen the log yet: that is no place, and no other node could ever cover it.
        if (position.Epoch == default)
            return;
        Span<byte> token = stackalloc byte[TokenBytes];
        token[0] = Version;
        token[1] = isPublic ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt128LittleEndian(token[2..], position.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(token[18..], position.Offset);
        Mac(key, tenant, token[..SignedBytes], token[SignedBytes..]);
        if (length > 0)
            text[length++] = Separator;
        length += Base64Url.EncodeToChars(token, text[length..]);
    }

    private static bool TryReadOne(SessionKeys keys, Tenant tenant, ReadOnlySpan<char> text, out bool isPublic, out Position position)
    {
        isPublic = false;
        position = default;
        Span<byte> token = stackalloc byte[TokenBytes];
        if (text.Length != TokenChars
            || Base64Url.DecodeFromChars(text, token, out _, out var length) is not System.Buffers.OperationStatus.Done
            || length != TokenBytes || token[0] != Version || token[1] > 1)
        {
            return false;
        }

        if (!IsSigned(keys, tenant, token))
            return false;
        // No log is that long.
        if (token[25] >= 0x80)
            return false;
        isPublic = token[1] == 1;
        position = new Position(new Epoch(BinaryPrimitives.ReadUInt128LittleEndian(token[2..])), BinaryPrimitives.ReadInt64LittleEndian(token[18..]));
        return true;
    }

    private static bool IsSigned(SessionKeys keys, Tenant tenant, ReadOnlySpan<byte> token)
    {
        Span<byte> mac = stackalloc byte[TokenBytes - SignedBytes];
        foreach (var key in keys.All)
        {
            Mac(key, tenant, token[..SignedBytes], mac);
            if (CryptographicOperations.FixedTimeEquals(mac, token[SignedBytes..]))
                return true;
        }

        return false;
    }

    private static void Mac(ReadOnlySpan<byte> key, Tenant tenant, ReadOnlySpan<byte> signed, Span<byte> mac)
    {
        Span<byte> message = stackalloc byte[MaxTenantBytes + 1 + SignedBytes];
        var length = Encoding.UTF8.GetBytes(tenant.Id, message);
        message[length++] = 0xFF; // no byte of UTF-8
        signed.CopyTo(message[length..]);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..(length + signed.Length)], whole);
        whole[..mac.Length].CopyTo(mac);
    }
}
