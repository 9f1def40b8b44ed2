using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Freshet.Redis.Values;

/// <summary>An entry as it lies in Redis. Golden bytes are in tests/vectors/redis. Numbers are little-endian.</summary>
/// <remarks>
/// <code>
/// version       1 byte, 1
/// form          1 byte, ValueForm
/// epoch         16 bytes, of the tenant's log         (scripts read all down to the ticket)
/// offset        8 bytes, the fence in that log
/// ticket        8 bytes
/// lifetime      8 bytes, milliseconds
/// stale for     8 bytes, milliseconds
/// other fences  varint, at most 255; of each:
///   log         text, the tenant's id; "p" is the public log's
///   epoch       16 bytes
///   offset      8 bytes
/// dependencies  varint, at most 10,000; of each:
///   log         varint: 0 the tenant's, then the other fences in order
///   segments    1 byte: how many, at most 16, and 128 more for a subtree; of each a text
/// value         all up to the check
/// check         16 bytes: HMAC-SHA256 over the length of the key in 4 bytes, the key, and all bytes above
/// text: varint length in bytes, then UTF-8
/// </code>
/// </remarks>
internal static class EnvelopeFormat
{
    public const byte Version = 1;
    public const int MaxFences = 255;
    public const int MaxDependencies = 10_000;
    public const int MaxSegments = Tag.MaxDepth;
    public const byte SubtreeBit = 0x80;
    public const int CheckBytes = 16;

    /// <summary>Version, form, epoch, fence and ticket: what scripts read.</summary>
    public const int HeadBytes = 34;

    /// <summary>What is no Unicode would come back as something else.</summary>
    public static UTF8Encoding Utf8 { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The end of the bytes: nobody who lacks the secret can make it, and it is another one under every key.</summary>
    public static void Check(byte[] secret, ReadOnlySpan<byte> key, ReadOnlySpan<byte> bytes, Span<byte> check)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, key.Length);
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hash.AppendData(length);
        hash.AppendData(key);
        hash.AppendData(bytes);
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.GetHashAndReset(whole);
        whole[..CheckBytes].CopyTo(check);
    }
}
