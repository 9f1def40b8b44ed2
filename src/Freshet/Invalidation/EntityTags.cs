namespace Freshet.Invalidation;

/// <summary>
/// How entities are laid out as tags: a row is <c>mapping/7</c>; the rows of a type under one parent are the collection
/// <c>mapping/@import/42</c>; the type is <c>mapping</c>, and a touch of it hits everything below.
/// </summary>
internal static class EntityTags
{
    private const char CollectionMark = '@';

    public static Tag Row(EntityType entity, ReadOnlySpan<string> key) => Tag.Of([entity.Name, .. Escape(key)]);

    public static Tag Collection(EntityType child, EntityType parent, ReadOnlySpan<string> parentKey) =>
        Tag.Of([child.Name, CollectionMark + parent.Name, .. Escape(parentKey)]);

    /// <summary>The row's key, its parts joined by <c>/</c>, when the tag is that of a row of the type; else null.</summary>
    public static string? IdOf(Tag tag, string entity) =>
        tag.Segments is [var type, var first, ..] && string.Equals(type, entity, StringComparison.Ordinal) && CollectionParent(first) is null
            ? string.Join('/', tag.Segments[1..].ToArray().Select(Unescape))
            : null;

    /// <summary>The name of the parent when the segment opens a collection.</summary>
    public static string? CollectionParent(string segment) =>
        segment.Length > 1 && segment[0] == CollectionMark && segment[1] != CollectionMark ? segment[1..] : null;

    public static string Unescape(string segment) => segment.Length > 1 && segment[0] == CollectionMark ? segment[1..] : segment;

    // A key that itself begins with '@' has it doubled, so that no row is taken for a collection.
    private static string[] Escape(ReadOnlySpan<string> key)
    {
        var escaped = key.ToArray();
        for (var i = 0; i < escaped.Length; i++)
        {
            if (escaped[i][0] == CollectionMark)
                escaped[i] = CollectionMark + escaped[i];
        }

        return escaped;
    }
}
