using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Freshet.Redis.Keys;

/// <summary>
/// The names of what lies in Redis. All of a tenant lies in one slot of a cluster. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Names of entries are keyed hashes: they tell nothing of keys to a user who may list them. Names of logs are plain hashes and do not depend
/// on the secret, so that nodes whose secrets differ append to the same logs and follow the same logs (C9): a wrong secret costs loads, never
/// an old answer.
/// </remarks>
/// <param name="prefix">The beginning of all names.</param>
/// <param name="secret">The secret of this node; at least 32 bytes.</param>
/// <param name="database">The number of the database. Channels reach over all databases of a server, so names differ between them.</param>
internal sealed class PhysicalKeys(string prefix, byte[] secret, int database = 0)
{
    private const int HashBytes = 16;
    private const int NameLength = 22;

    /// <summary>The tenant's name: 22 characters.</summary>
    public string NameOf(Tenant tenant) =>
        Shorten(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"tenant\0{database}\0{tenant.Id}"))));

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
        var hash = Shorten(HMACSHA256.HashData(secret, hashed));
        return (Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:E:{hash}"), Encoding.ASCII.GetBytes($"{prefix}:{{{name}}}:R:{hash}"));
    }

    // 128 bits.
    private static string Shorten(ReadOnlySpan<byte> hash) => Base64Url.EncodeToString(hash[..HashBytes]);
}
