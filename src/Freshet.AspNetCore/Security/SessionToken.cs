using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Freshet.Coherence;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// The text form of positions (C10): one token for each log and epoch, joined by <c>.</c>. A token is authenticated, so a client
/// cannot invent a position. A token of the first two kinds is bound to a tenant and good for its clients alone; one of the third kind
/// names its log, sealed, and is good for every client. A client may read which of two tokens of a log and epoch is the later one.
/// </summary>
/// <remarks>
/// <para>A token is the Base64Url of these bytes:</para>
/// <code>
/// 0      version, 2
/// 1      0: the tenant's own log; 1: the public log; 2: the log that is named
/// 2      epoch, 16 bytes, little-endian
/// 18     offset, 8 bytes, little-endian
/// 26     MAC, 16 bytes: HMAC-SHA256(key, tenant id in UTF-8 | 0xFF | all bytes above), cut;
///        of the third kind HMAC-SHA256(key, 0xFF | all bytes above | the name)
/// 42     of the third kind the name (<see cref="SealedName"/>)
/// </code>
/// </remarks>
internal static class SessionToken
{
    /// <summary>What stands between two tokens: no character of Base64Url, and allowed in a cookie.</summary>
    public const char Separator = '.';

    // RFC 9110 §5.3: a field that was sent twice may arrive as one, joined by commas.
    private const string Separators = "., ";

    /// <summary>How many tokens are looked at: those that an answer may tell, and two more for a client that cannot compare them.</summary>
    public const int MaxTokens = (2 * LogPositions.MaxEpochs) + MaxOtherTokens + 2;

    /// <summary>How many tokens of other logs an answer tells.</summary>
    public const int MaxOtherTokens = 16;

    private const byte Version = 2;
    private const byte OwnLog = 0;
    private const byte PublicLog = 1;
    private const byte NamedLog = 2;
    private const int SignedBytes = 26;
    private const int PlainBytes = SignedBytes + 16;
    private const int PlainChars = PlainBytes / 3 * 4;
    private const int MaxBytes = PlainBytes + SealedName.MaxBytes;
    private const int MaxChars = ((MaxBytes * 4) + 2) / 3;
    private const int MaxTenantBytes = 3 * (Keys.KeyPart.MaxSegmentLength + 1);

    /// <summary>The text of a place; empty for none.</summary>
    public static string Create(ReadOnlySpan<byte> key, Tenant tenant, SessionPositions place) => Create(key, tenant, CarriedPositions.Of(place));

    /// <summary>The text; empty for no positions. The epoch that was heard of last stands at the end of its log's.</summary>
    /// <param name="key">What the nodes that serve the client share.</param>
    /// <param name="tenant">The client's tenant; default for none.</param>
    /// <param name="positions">The positions; of other logs only those with names that can be sealed.</param>
    public static string Create(ReadOnlySpan<byte> key, Tenant tenant, CarriedPositions positions)
    {
        var text = new StringBuilder();
        foreach (var position in positions.Own.All)
            Append(text, key, tenant, OwnLog, position, null);
        var shared = tenant.IsValid ? null : SealedName.TrySeal(key, Tenant.Public);
        foreach (var position in positions.Public.All)
            Append(text, key, tenant, shared is null ? PublicLog : NamedLog, position, shared);
        AppendOthers(text, key, positions.Others);
        return text.ToString();
    }

    /// <summary>The text that is good for whoever sends it, as a browser sends its cookie for one user and then for another.</summary>
    /// <inheritdoc cref="Create(ReadOnlySpan{byte}, Tenant, CarriedPositions)"/>
    public static string CreateForAnybody(ReadOnlySpan<byte> key, Tenant tenant, CarriedPositions positions)
    {
        // A name that is too long to be sealed leaves the token to its tenant's clients.
        if (!positions.Own.IsEmpty && SealedName.TrySeal(key, tenant) is null)
            return Create(key, tenant, positions);
        var named = default(OtherPositions).With(tenant, positions.Own).With(Tenant.Public, positions.Public).Then(positions.Others);
        return Create(key, tenant, new CarriedPositions(default, default, named));
    }

    /// <summary>Whether a log can be told to any client.</summary>
    public static bool CanTell(Tenant log) => SealedName.Fits(log);

    /// <summary>Reads a place: of each log the epoch that stands last in the text.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool TryRead(SessionKeys keys, Tenant tenant, ReadOnlySpan<char> text, out SessionPositions place)
    {
        place = Read(keys, tenant, text).Latest;
        return !place.IsEmpty;
    }

    /// <summary>Reads tokens; a forged, damaged or foreign one is none at all, and of two for one epoch the higher one counts.</summary>
    /// <param name="keys">The keys of the nodes that serve the client.</param>
    /// <param name="tenant">The client's tenant; default for none.</param>
    /// <param name="text">What the client has sent.</param>
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
            if (TryReadOne(keys, tenant, text[range], out var log, out var position))
                positions = positions.With(tenant, log, LogPositions.Of(position));
        }

        return positions;
    }

    private static void AppendOthers(StringBuilder text, ReadOnlySpan<byte> key, OtherPositions others)
    {
        foreach (var (log, positions) in others.All)
        {
            if (SealedName.TrySeal(key, log) is not { } name)
                continue;
            foreach (var position in positions.All)
                Append(text, key, default, NamedLog, position, name);
        }
    }

    private static void Append(StringBuilder text, ReadOnlySpan<byte> key, Tenant tenant, byte kind, Position position, byte[]? name)
    {
        // The node has not seen the log yet: that is no place, and no other node could ever cover it.
        if (position.Epoch == default)
            return;
        Span<byte> token = stackalloc byte[MaxBytes];
        token[0] = Version;
        token[1] = kind;
        BinaryPrimitives.WriteUInt128LittleEndian(token[2..], position.Epoch.Value);
        BinaryPrimitives.WriteInt64LittleEndian(token[18..], position.Offset);
        name?.CopyTo(token[PlainBytes..]);
        token = token[..(PlainBytes + (name?.Length ?? 0))];
        Mac(key, tenant, token, token[SignedBytes..PlainBytes]);
        if (text.Length > 0)
            text.Append(Separator);
        text.Append(Base64Url.EncodeToString(token));
    }

    private static bool TryReadOne(SessionKeys keys, Tenant tenant, ReadOnlySpan<char> text, out Tenant log, out Position position)
    {
        log = default;
        position = default;
        Span<byte> token = stackalloc byte[MaxBytes];
        if (text.Length is < PlainChars or > MaxChars
            || Base64Url.DecodeFromChars(text, token, out _, out var length) is not System.Buffers.OperationStatus.Done
            || length < PlainBytes || token[0] != Version)
        {
            return false;
        }

        token = token[..length];
        var isNamed = token[1] == NamedLog;
        if (isNamed ? length == PlainBytes : length != PlainBytes || token[1] > PublicLog || !tenant.IsValid)
            return false;

        if (SignerOf(keys, tenant, token) is not { } key)
            return false;
        // No log is that long.
        if (token[25] >= 0x80)
            return false;
        if (isNamed && !SealedName.TryOpen(key, token[PlainBytes..], out log))
            return false;
        if (!isNamed)
            log = token[1] == PublicLog ? Tenant.Public : tenant;
        position = new Position(new Epoch(BinaryPrimitives.ReadUInt128LittleEndian(token[2..])), BinaryPrimitives.ReadInt64LittleEndian(token[18..]));
        return true;
    }

    // The key under which the token is signed; null when it is none of ours.
    private static byte[]? SignerOf(SessionKeys keys, Tenant tenant, ReadOnlySpan<byte> token)
    {
        Span<byte> mac = stackalloc byte[PlainBytes - SignedBytes];
        foreach (var key in keys.All)
        {
            Mac(key, tenant, token, mac);
            if (CryptographicOperations.FixedTimeEquals(mac, token[SignedBytes..PlainBytes]))
                return key;
        }

        return null;
    }

    private static void Mac(ReadOnlySpan<byte> key, Tenant tenant, ReadOnlySpan<byte> token, Span<byte> mac)
    {
        Span<byte> message = stackalloc byte[MaxTenantBytes + 1 + SignedBytes + SealedName.MaxBytes];
        // No tenant's id is empty, so nothing that is bound to one can be taken for something that is not.
        var length = token[1] == NamedLog ? 0 : Encoding.UTF8.GetBytes(tenant.Id, message);
        message[length++] = 0xFF; // no byte of UTF-8
        token[..SignedBytes].CopyTo(message[length..]);
        length += SignedBytes;
        token[PlainBytes..].CopyTo(message[length..]);
        length += token.Length - PlainBytes;
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..length], whole);
        whole[..mac.Length].CopyTo(mac);
    }
}
