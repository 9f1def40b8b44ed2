using Freshet.Coherence;
using Freshet.Keys;

namespace Freshet.Redis.Logs;

/// <summary>
/// The clocks that a touch moves in a tenant's log: 65,536 of them, by which entries are judged that are older than what a node
/// remembers. All nodes must agree on them; a change of this is a change of the store's format.
/// </summary>
internal static class StoreClocks
{
    private const ulong AtSalt = 0x9e3779b97f4a7c15;
    private const ulong BelowSalt = 0xc2b2ae3d27d4eb4f;

    public static int[] Of(IReadOnlyList<Tag> tags)
    {
        var clocks = new HashSet<int>();
        foreach (var tag in tags)
        {
            var path = tag.PathHashes;
            for (var depth = 0; depth < path.Length - 1; depth++)
                clocks.Add(Index(path[depth], BelowSalt));
            clocks.Add(Index(path[^1], AtSalt));
        }

        return [.. clocks];
    }

    /// <summary>
    /// The clocks that an entry reads in the log of one tenant, as <see cref="TagClocks.AddClocks"/> has it: <i>at</i> of the tag and of each
    /// ancestor, and <i>below</i> of the tag of a subtree. The root's is always among them: who forgets a tenant moves only that.
    /// </summary>
    public static int[] Read(IEnumerable<Dependency> dependencies)
    {
        var clocks = new HashSet<int> { Index(Tag.Root.PathHashes[0], AtSalt) };
        foreach (var dependency in dependencies)
        {
            var path = dependency.Tag.PathHashes;
            foreach (var prefix in path)
                clocks.Add(Index(prefix, AtSalt));
            if (dependency.IsSubtree)
                clocks.Add(Index(path[^1], BelowSalt));
        }

        return [.. clocks];
    }

    private static int Index(ulong prefix, ulong salt) => (ushort)TagHash.Mix(prefix ^ salt, 1);
}
