using System.Text;

namespace Freshet.Coherence;

/// <summary>
/// Bounds what one append touches (C17): many tags become fewer, coarser ones, before they are logged and before any clock moves. Pure.
/// </summary>
/// <remarks>
/// An ancestor may take the place of a tag, nothing else may. A touch of an ancestor hits everything at and under it, which includes
/// everything at and under the tag and the subtrees between the two; and both hit the subtrees of what is above the ancestor. A collection
/// (<c>mapping/@import/42</c>) is no ancestor of a row (<c>mapping/7</c>), so it cannot take the row's place.
/// </remarks>
internal static class Coarsening
{
    /// <summary>How many tags of one type (one first segment) one append touches at most.</summary>
    public const int MostOfType = 256;

    /// <summary>How many tags one append touches at most.</summary>
    public const int Most = 1024;

    /// <summary>How many bytes the tags of one append take at most, as a record writes them.</summary>
    public const int MostBytes = 32 << 10;

    private static readonly IReadOnlyList<Tag> Everything = [Tag.Root];

    /// <summary>Tags that hit at least what those hit, within the bounds; the same list when it is.</summary>
    public static IReadOnlyList<Tag> Of(IReadOnlyList<Tag> tags) => Of(tags, MostOfType, Most, MostBytes);

    /// <inheritdoc cref="Of(IReadOnlyList{Tag})"/>
    /// <param name="tags">What was touched.</param>
    /// <param name="mostOfType">How many tags of one type there may be.</param>
    /// <param name="most">How many tags there may be.</param>
    /// <param name="mostBytes">How many bytes they may take.</param>
    public static IReadOnlyList<Tag> Of(IReadOnlyList<Tag> tags, int mostOfType, int most, int mostBytes)
    {
        // Nearly every write: no type can have too many, and nothing is allocated.
        if (tags.Count <= mostOfType && tags.Count <= most && BytesOf(tags) <= mostBytes)
            return tags;
        if (tags.Any(t => t.Segments.Length == 0))
            return Everything;

        var types = tags.GroupBy(t => t.Segments[0], StringComparer.Ordinal).Select(t => OfType(t.ToHashSet(), mostOfType)).ToArray();
        if (types.Length > most)
            return Everything;

        // Still too large: the largest types as a whole, one after the other.
        Array.Sort(types, static (a, b) => BytesOf(b).CompareTo(BytesOf(a)));
        var (count, bytes) = (types.Sum(t => t.Count), types.Sum(BytesOf));
        for (var i = 0; i < types.Length && (count > most || bytes > mostBytes); i++)
        {
            var type = Prefix(types[i].First(), 1);
            (count, bytes) = (count - types[i].Count + 1, bytes - BytesOf(types[i]) + BytesOf(type));
            types[i] = [type];
        }

        return bytes <= mostBytes ? [.. types.SelectMany(t => t)] : Everything;
    }

    // C17: the deepest tags first, and of these the parents with the most children: what is lost in exactness is as little as may be.
    private static HashSet<Tag> OfType(HashSet<Tag> tags, int most)
    {
        for (var depth = tags.Max(t => t.Segments.Length); depth > 1 && tags.Count > most; depth--)
        {
            var families = tags.Where(t => t.Segments.Length == depth).GroupBy(t => Prefix(t, depth - 1)).Select(g => (Parent: g.Key, Children: g.ToArray()));
            foreach (var (parent, children) in families.OrderByDescending(f => f.Children.Length).ToArray())
            {
                // A single child in its parent's place makes nothing fewer.
                if (tags.Count <= most || (children.Length == 1 && !tags.Contains(parent)))
                    continue;
                tags.ExceptWith(children);
                tags.Add(parent);
            }

            tags.RemoveWhere(t => t.Segments.Length >= depth && tags.Contains(Prefix(t, depth - 1)));
        }

        // Many parents of one child each: only the type is left.
        return tags.Count <= most ? tags : [Prefix(tags.First(), 1)];
    }

    private static Tag Prefix(Tag tag, int depth) => tag.Segments.Length == depth ? tag : Tag.Of(tag.Segments[..depth]);

    private static int BytesOf(IEnumerable<Tag> tags)
    {
        var bytes = 0;
        foreach (var tag in tags)
            bytes += BytesOf(tag);
        return bytes;
    }

    // One byte, how many segments; of each its length, in one or two bytes, and UTF-8.
    private static int BytesOf(Tag tag)
    {
        var bytes = 1;
        foreach (var segment in tag.Segments)
            bytes += 2 + Encoding.UTF8.GetByteCount(segment);
        return bytes;
    }
}
