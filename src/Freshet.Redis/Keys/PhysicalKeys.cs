using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Freshet.Redis.Keys;

/// <summary>
/// The names under which things lie in Redis: keyed hashes, so that a name tells nothing to who may list keys, and nobody who lacks
/// the secret can make one. All of a tenant lies in one slot of a cluster. Safe for concurrent use.
/// </summary>
/// <param name="prefix">What all names begin with.</param>
/// <param name="secret">What the nodes share; at least 32 bytes.</param>
internal sealed class PhysicalKeys(string prefix, byte[] secret)
{
    private const int HashBytes = 16;

    /// <summary>The channel on which records are told, where there is no cluster.</summary>
    public byte[] Channel { get; } = Encoding.UTF8.GetBytes($"{prefix}:log");

    /// <summary>The tenant's name: 22 characters.</summary>
    public string NameOf(Tenant tenant) => Hash("tenant", tenant.Id);

    /// <summary>The key of a tenant's log.</summary>
    /// <param name="name">The tenant's name.</param>
    public byte[] Log(string name) => Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:L");

    /// <summary>The key that beats of the tenant's shard delete; it never exists.</summary>
    /// <param name="name">The tenant's name.</param>
    public byte[] Beat(string name) => Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:B");

    // 128 bits. What is hashed begins with its kind and ends with its text, so no two kinds have one name.
    private string Hash(string kind, string text)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{kind}\0{text}"), hash);
        return Base64Url.EncodeToString(hash[..HashBytes]);
    }
}
