namespace Freshet.Invalidation;

/// <summary>
/// How entities are laid out as tags: a row is <c>mapping/7</c>; the rows of a type under one parent are the collection
/// <c>mapping/@import/42</c>; the type is <c>mapping</c>, and a touch of it hits everything below.
/// </summary>
/// <remarks>
/// A key is a segment as it is, so that a tag made from a route value names the same row. A key that looks like a collection shares
/// its tag, which costs loads and never an old answer.
/// </remarks>
internal static class EntityTags
{
    private const char CollectionMark = '@';

    public static Tag Row(EntityType entity, ReadOnlySpan<string> key) => Tag.Of([entity.Name, .. key]);

    public static Tag Collection(EntityType child, EntityType parent, ReadOnlySpan<string> parentKey) =>
        Tag.Of([child.Name, CollectionMark + parent.Name, .. parentKey]);

    /// <summary>The row's key, its parts joined by <c>/</c>, when the tag is that of a row of the type; else null.</summary>
    public static string? IdOf(Tag tag, EntityType entity) =>
        tag.Segments is [var type, _, ..] && string.Equals(type, entity.Name, StringComparison.Ordinal) && CollectionParent(tag, entity) is null
            ? string.Join('/', tag.Segments[1..])
            : null;

    /// <summary>The parent when the tag, which begins with the type's name, is that of a collection: it goes on with the parent's key.</summary>
    public static EntityType? CollectionParent(Tag tag, EntityType entity)
    {
        var segments = tag.Segments;
        if (segments.Length < 3 || segments[1][0] != CollectionMark)
            return null;
        foreach (var edge in entity.Parents)
        {
            if (segments[1].AsSpan(1).SequenceEqual(edge.Parent.Name))
                return edge.Parent;
        }

        return null;
    }
}
