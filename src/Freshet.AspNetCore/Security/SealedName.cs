using System.Security.Cryptography;
using System.Text;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// The name of a log as a client may carry it without learning it: encrypted, always to the same bytes, so that a client can tell the
/// tokens of one log from those of another.
/// </summary>
/// <remarks>
/// AES-256-CBC of the tenant's id in UTF-8, PKCS#7, whose initialization vector is the first 16 bytes of the id's HMAC-SHA256 (a
/// synthetic one, as in RFC 5297) and comes first. Both keys are made from the session key. The MAC of the token authenticates it.
/// </remarks>
internal static class SealedName
{
    /// <summary>The longest sealed name.</summary>
    public const int MaxBytes = VectorBytes + MaxNameBytes + 1;

    private const int VectorBytes = 16;

    // With the padding three blocks: a browser must be able to carry many in one cookie.
    private const int MaxNameBytes = 47;

    /// <summary>Whether the log's name is short enough.</summary>
    public static bool Fits(Tenant log) => Encoding.UTF8.GetByteCount(log.Id) <= MaxNameBytes;

    /// <returns>Null when the name is too long.</returns>
    public static byte[]? TrySeal(ReadOnlySpan<byte> key, Tenant log)
    {
        if (!Fits(log))
            return null;
        var name = Encoding.UTF8.GetBytes(log.Id);
        var vector = HMACSHA256.HashData(HMACSHA256.HashData(key, "freshet log name vectors 1"u8), name).AsSpan(0, VectorBytes);
        using var aes = Cipher(key);
        return [.. vector, .. aes.EncryptCbc(name, vector)];
    }

    /// <param name="key">What the nodes that serve the client share.</param>
    /// <param name="sealedName">What the token's MAC has vouched for.</param>
    /// <param name="log">The log.</param>
    public static bool TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedName, out Tenant log)
    {
        log = default;
        Span<byte> name = stackalloc byte[MaxBytes];
        using var aes = Cipher(key);
        return sealedName.Length > VectorBytes && (sealedName.Length % VectorBytes) == 0
            && aes.TryDecryptCbc(sealedName[VectorBytes..], sealedName[..VectorBytes], name, out var length)
            && Tenant.TryFromId(Encoding.UTF8.GetString(name[..length]), out log);
    }

    private static Aes Cipher(ReadOnlySpan<byte> key)
    {
        var aes = Aes.Create();
        aes.Key = HMACSHA256.HashData(key, "freshet log names 1"u8);
        return aes;
    }
}
