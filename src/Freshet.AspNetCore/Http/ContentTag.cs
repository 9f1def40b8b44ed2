using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Strong entity tags made from content (RFC 9110 §8.8.3): 128 bits of SHA-256 over what tells the representation from
/// another one (media type, coding, language) and its bytes. Equal tags mean equal representations on every node and after
/// every restart.
/// </summary>
/// <remarks>
/// A resource that declares a version carries it behind the digest, <c>"digest.42"</c>, so that a client's <c>If-Match</c>
/// names the version to write against.
/// </remarks>
internal static class ContentTag
{
    private const int DigestBytes = 16;

    public static string Create(ReadOnlySpan<byte> body, string? contentType, string? coding, string? language = null, long? version = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendPart(hash, contentType);
        AppendPart(hash, coding);
        AppendPart(hash, language);
        hash.AppendData(body);

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        var text = Base64Url.EncodeToString(digest[..DigestBytes]);
        return version is { } v ? string.Create(CultureInfo.InvariantCulture, $"\"{text}.{v}\"") : $"\"{text}\"";
    }

    /// <summary>Reads the version out of a tag that <see cref="Create"/> made, quotes included.</summary>
    public static bool TryReadVersion(ReadOnlySpan<char> opaque, out long version)
    {
        version = 0;
        if (opaque is not ['"', .., '"'])
            return false;
        var inner = opaque[1..^1];
        var dot = inner.LastIndexOf('.');
        return dot >= 0 && long.TryParse(inner[(dot + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out version);
    }

    // Length-prefixed, so that no part can pass for the end of another one or for the body.
    private static void AppendPart(IncrementalHash hash, string? part)
    {
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, part?.Length ?? -1);
        hash.AppendData(prefix);
        if (part is not null)
            hash.AppendData(MemoryMarshal.AsBytes(part.AsSpan()));
    }
}
