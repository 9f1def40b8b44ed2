using System.Buffers.Text;
using System.Runtime.InteropServices;
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
    private const int NameLength = 22;

    /// <summary>The tenant's name: 22 characters.</summary>
    public string NameOf(Tenant tenant) => Hash("tenant", tenant.Id);

    /// <summary>The key of a tenant's log.</summary>
    /// <param name="name">The tenant's name.</param>
    public byte[] Log(string name) => Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:L");

    /// <summary>The channel on which a tenant's records are told: in the log's slot, so that who owns the one owns the other.</summary>
    /// <param name="name">The tenant's name.</param>
    public byte[] Channel(string name) => Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:c");

    /// <summary>The tenant's name in one of our channels; empty when it is none.</summary>
    public static ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> channel) =>
        channel.Length > NameLength + 4 && channel[^(NameLength + 4)] == '{' ? channel.Slice(channel.Length - NameLength - 3, NameLength) : default;

    /// <summary>The key of an entry, and of the right to load it.</summary>
    /// <param name="name">The tenant's name.</param>
    /// <param name="key">The whole logical key, which two different things never share.</param>
    public (byte[] Entry, byte[] Lease) Entry(string name, string key)
    {
        // Its code units, not their UTF-8: a key is no text, and no two become one.
        var kind = "entry\0"u8;
        var units = MemoryMarshal.AsBytes(key.AsSpan());
        var hashed = new byte[kind.Length + units.Length];
        kind.CopyTo(hashed);
        units.CopyTo(hashed.AsSpan(kind.Length));
        var hash = Shorten(hashed);
        return (Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:E:{hash}"), Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:R:{hash}"));
    }

    // 128 bits. What is hashed begins with its kind and ends with its text, so no two kinds have one name.
    private string Hash(string kind, string text) => Shorten(Encoding.UTF8.GetBytes($"{kind}\0{text}"));

    private string Shorten(ReadOnlySpan<byte> hashed)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, hashed, hash);
        return Base64Url.EncodeToString(hash[..HashBytes]);
    }
}
