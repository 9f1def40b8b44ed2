using System.Security.Cryptography;
using System.Text;

namespace Freshet.Storage;

/// <summary>
/// From which the keys are made of whatever one node signs and another must be able to check. Random where there is no other node.
/// Immutable.
/// </summary>
internal sealed class NodeSecret(byte[] secret)
{
    private readonly byte[] _secret = secret;

    public static NodeSecret Random() => new(RandomNumberGenerator.GetBytes(32));

    /// <summary>The key for one purpose: 32 bytes that tell nothing of the secret, or of the other keys.</summary>
    public byte[] KeyFor(string purpose) => HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"key\0{purpose}"));
}
