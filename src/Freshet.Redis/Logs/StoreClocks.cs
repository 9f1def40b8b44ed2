using Freshet.Coherence;
using Freshet.Keys;

namespace Freshet.Redis.Logs;

/// <summary>
/// The clocks that a touch moves in a tenant's log: 65,536 and two of the root, by which entries are judged that are older than what
/// a node remembers. All nodes must agree on them; a change of this is a change of the store's format.
/// </summary>
internal static class StoreClocks
{
    private const int RootAt = 1 << 16;
    private const int RootBelow = RootAt + 1;

    // The same for all: nodes append to one log whatever their secrets are, and one that moved other clocks would leave entries valid
    // that it has touched. A chosen collision costs loads of the tenant whose log it is, and of no other one.
    private static readonly TagHash Hash = TagHash.FromKey("freshet clocks 2"u8);

    /// <summary>The clocks that a touch of the tags moves.</summary>
    public static int[] Of(IReadOnlyList<Tag> tags)
    {
        var clocks = new HashSet<int>();
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        foreach (var tag in tags)
        {
            var path = tag.Segments;
            Hash.OfPrefixes(path, hashes);
            clocks.Add(path.Length == 0 ? RootAt : RootBelow);
            for (var depth = 1; depth < path.Length; depth++)
                clocks.Add(Index(TenantClocks.Below(hashes[depth - 1])));
            if (path.Length > 0)
                clocks.Add(Index(TenantClocks.At(hashes[path.Length - 1])));
        }

        return [.. clocks];
    }

    /// <summary>
    /// The clocks that an entry reads in the log of one tenant, as <see cref="TagClocks.AddClocks"/> has it: <i>at</i> of the tag and of each
    /// ancestor, and <i>below</i> of the tag of a subtree. The root's is always among them: who forgets a tenant moves only that.
    /// </summary>
    public static int[] Read(IEnumerable<Dependency> dependencies)
    {
        var clocks = new HashSet<int> { RootAt };
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        foreach (var dependency in dependencies)
        {
            var path = dependency.Tag.Segments;
            Hash.OfPrefixes(path, hashes);
            for (var depth = 1; depth <= path.Length; depth++)
                clocks.Add(Index(TenantClocks.At(hashes[depth - 1])));
            if (dependency.IsSubtree)
                clocks.Add(path.Length == 0 ? RootBelow : Index(TenantClocks.Below(hashes[path.Length - 1])));
        }

        return [.. clocks];
    }

    private static int Index(uint clock) => (ushort)clock;
}
