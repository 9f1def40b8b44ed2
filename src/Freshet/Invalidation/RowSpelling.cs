using Freshet.Keys;

namespace Freshet.Invalidation;

/// <summary>
/// A tag that somebody names by hand, and the tag of the row that it means: rows are touched by their own spelling alone
/// (<see cref="KeyText"/>). Pure.
/// </summary>
internal static class RowSpelling
{
    /// <summary>The tag of what is meant beside the tag itself: the row in its own spelling, or the type when no row has such a key. Null when
    /// the tag is spelled as the rows are, or names no entity.</summary>
    public static Tag? OtherOf(Tag tag, EntityModel model)
    {
        if (model.Of(tag) is not { } entity)
            return null;
        var segments = tag.Segments;
        var of = EntityTags.CollectionParent(tag, entity);
        var start = of is null ? 1 : 2;
        var kinds = (of ?? entity).KeyKinds;
        // What goes on behind the key is below the row's tag; what ends before it is above.
        if (kinds.Count == 0 || segments.Length < start + kinds.Count)
            return null;
        string[] spelled = [.. segments];
        if (!TrySpell(spelled.AsSpan(start), kinds))
            return entity.TypeTag;
        var other = Tag.Of(spelled);
        return other.Equals(tag) ? null : other;
    }

    /// <summary>Spells the values of a key, in order, as rows do.</summary>
    /// <returns>False when no row has such a key.</returns>
    public static bool TrySpell(Span<string> key, IReadOnlyList<KeyKind> kinds)
    {
        for (var i = 0; i < kinds.Count; i++)
        {
            if (Of(key[i], kinds[i]) is not { } text)
                return false;
            key[i] = text;
        }

        return true;
    }

    /// <summary>A value as rows spell it; null when no row has it. What no segment is made of stays as it is: such rows touch their type.</summary>
    public static string? Of(string text, KeyKind kind) => kind switch
    {
        KeyKind.Guid => KeySpelling.OfGuid(text),
        KeyKind.Integer => KeySpelling.OfInteger(text),
        KeyKind.Boolean => KeySpelling.OfBoolean(text),
        KeyKind.Date => KeySpelling.OfDate(text),
        _ => text,
    };
}
