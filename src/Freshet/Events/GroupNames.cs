using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Freshet.Keys;
using Freshet.Loading;

namespace Freshet.Events;

/// <summary>
/// The opaque names under which answers tell what they were made from and events tell what was touched (RFC 9875): the same
/// clocks that an entry is judged by, named by a keyed hash. An answer is concerned when it shares a name with an event. A
/// collision only drops too much. Safe for concurrent use.
/// </summary>
internal sealed class GroupNames
{
    /// <summary>Names everything that a client has.</summary>
    public const string Everything = "*";

    /// <summary>The clock that moves when a tag itself is touched.</summary>
    public const byte At = (byte)'a';

    /// <summary>The clock that moves when something below a tag is touched.</summary>
    public const byte Below = (byte)'b';

    private const int NameBytes = 6;
    private const int MaxTenantBytes = 3 * (KeyPart.MaxSegmentLength + 1);

    private readonly (byte[] Key, TagHash Paths)[] _keys;

    /// <param name="secret">Shared by the nodes that serve the same clients; at least 16 bytes.</param>
    /// <param name="accepted">Secrets under which other nodes name answers while the secret is being replaced.</param>
    public GroupNames(byte[] secret, params IEnumerable<byte[]> accepted) =>
        _keys = [.. accepted.Prepend(secret).Select(s => (
            HMACSHA256.HashData(s, "freshet groups 1"u8), TagHash.FromKey(HMACSHA256.HashData(s, "freshet paths 1"u8))))];

    /// <summary>The names of what an answer was made from.</summary>
    /// <param name="dependencies">What it was made from.</param>
    /// <param name="owner">Whose it is. What was made from nothing is in a group that only <see cref="Everything"/> concerns.</param>
    /// <param name="max">How many names there may be, at least 4; above, whole types are named, then whole tenants.</param>
    public IReadOnlyCollection<string> Of(IReadOnlyCollection<EntryDependency> dependencies, Tenant owner, int max)
    {
        if (dependencies.Count == 0)
            return [Name(owner, At, TagHash.Root)];

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (tenant, dependency) in dependencies)
            AddDependency(names, tenant, dependency);
        if (names.Count <= max)
            return names;

        var types = dependencies.Select(d => d with { Dependency = TypeOf(d.Dependency.Tag).Subtree }).ToHashSet();
        names.Clear();
        foreach (var (tenant, dependency) in types)
            AddDependency(names, tenant, dependency);
        if (names.Count <= max)
            return names;

        return [.. dependencies.Select(d => Name(d.Tenant, Below, TagHash.Root)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>
    /// The names of what was touched, under every secret: a client may keep an answer of a node that names it under another one.
    /// </summary>
    /// <param name="touched">In whose log, which tag.</param>
    /// <param name="max">How many names there may be; above, whole types are named, then <see cref="Everything"/>.</param>
    public IReadOnlyCollection<string> OfTouches(IReadOnlyCollection<(Tenant Tenant, Tag Tag)> touched, int max)
    {
        // Each tag has a name of its own: with more tags than that, nothing has to be hashed to know that they are too many.
        if (touched.Count <= max / _keys.Length && TryName(touched, max) is { } names)
            return names;
        return TryName(touched.Select(t => (t.Tenant, TypeOf(t.Tag))).ToHashSet(), max) ?? [Everything];
    }

    private HashSet<string>? TryName(IEnumerable<(Tenant Tenant, Tag Tag)> touched, int max)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        foreach (var (tenant, tag) in touched)
        {
            var path = tag.Segments;
            if (path.Length == 0)
                return [Everything];
            foreach (var (key, paths) in _keys)
            {
                paths.OfPrefixes(path, hashes);
                names.Add(Name(key, tenant, Below, TagHash.Root));
                foreach (var hash in hashes[..(path.Length - 1)])
                    names.Add(Name(key, tenant, Below, hash));
                names.Add(Name(key, tenant, At, hashes[path.Length - 1]));
            }

            if (names.Count > max)
                return null;
        }

        return names;
    }

    private static Tag TypeOf(Tag tag) => tag.Segments.Length > 1 ? Tag.Of(tag.Segments[0]) : tag;

    private void AddDependency(HashSet<string> names, Tenant tenant, Dependency dependency)
    {
        // The root is left out: its touch is told as everything.
        var path = dependency.Tag.Segments;
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        _keys[0].Paths.OfPrefixes(path, hashes);
        foreach (var hash in hashes[..path.Length])
            names.Add(Name(tenant, At, hash));
        if (dependency.IsSubtree)
            names.Add(Name(tenant, Below, path.Length == 0 ? TagHash.Root : hashes[path.Length - 1]));
    }

    /// <summary>The name of one clock.</summary>
    public string Name(Tenant tenant, byte kind, ulong path) => Name(_keys[0].Key, tenant, kind, path);

    private static string Name(byte[] key, Tenant tenant, byte kind, ulong path)
    {
        Span<byte> message = stackalloc byte[MaxTenantBytes + 2 + sizeof(ulong)];
        var length = Encoding.UTF8.GetBytes(tenant.Id, message);
        message[length++] = 0xFF; // no byte of UTF-8
        message[length++] = kind;
        BinaryPrimitives.WriteUInt64LittleEndian(message[length..], path);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message[..(length + sizeof(ulong))], hash);
        return Base64Url.EncodeToString(hash[..NameBytes]);
    }
}
