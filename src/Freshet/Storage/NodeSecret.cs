using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Freshet.Storage;

/// <summary>
/// The secret from which the keys are made under which one node signs and the others check. Random in a process that has no other node.
/// While a secret is replaced, nodes accept a second one beside the one that they sign with. Immutable.
/// </summary>
/// <param name="secret">Signs.</param>
/// <param name="accepted">Check as well; none unless a secret is being replaced.</param>
internal sealed class NodeSecret(byte[] secret, params IReadOnlyList<byte[]> accepted)
{
    private const int FingerprintBytes = 16;

    public static NodeSecret Random() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>The key for one purpose: 32 bytes that tell nothing of the secret, or of the other keys.</summary>
    public byte[] KeyFor(string purpose) => KeyFor(secret, purpose);

    /// <summary>The keys that other nodes may have used for a purpose beside <see cref="KeyFor(string)"/>.</summary>
    public IReadOnlyList<byte[]> AcceptedFor(string purpose) => [.. accepted.Select(s => KeyFor(s, purpose))];

    /// <summary>A name of a key by which nodes compare what they have; it tells nothing of the key.</summary>
    public static string FingerprintOf(ReadOnlySpan<byte> key) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(key, "fingerprint"u8).AsSpan(0, FingerprintBytes));

    private static byte[] KeyFor(byte[] secret, string purpose) => HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"key\0{purpose}"));
}
