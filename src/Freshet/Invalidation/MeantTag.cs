namespace Freshet.Invalidation;

/// <summary>
/// Finds the tag that somebody meant who names one which nothing touches: <c>blogs/**</c> beside the entity <c>Blog</c>. Pure.
/// </summary>
internal static class MeantTag
{
    /// <summary>In a shorter name one letter is too much of it.</summary>
    private const int MinLength = 3;

    /// <param name="model">The entity types.</param>
    /// <param name="segments">The segments of the tag; null for one that a request fills in.</param>
    /// <returns>The beginning of the tag that is probably meant; null when nothing is wrong, or nothing is near.</returns>
    public static string? Of(EntityModel model, ReadOnlySpan<string?> segments)
    {
        if (segments is not [{ } first, ..])
            return null;
        if (model.Find(first) is not { } entity)
            return Near(first, model.Types.Select(t => t.Name));
        // The rows of a parent: nothing touches those of a type that is none.
        if (segments is not [_, ['@', .. var parent], _, ..] || entity.Parents.Any(p => string.Equals(p.Parent.Name, parent, StringComparison.Ordinal)))
            return null;
        return Near(parent, entity.Parents.Select(p => p.Parent.Name)) is { } near ? $"{first}/@{near}" : null;
    }

    private static string? Near(string name, IEnumerable<string> known)
    {
        var plain = Plain(name);
        return known.FirstOrDefault(k => IsNear(plain, Plain(k)));
    }

    private static bool IsNear(string one, string other) =>
        string.Equals(one, other, StringComparison.Ordinal)
            || (one.Length >= MinLength && other.Length >= MinLength && (AreOneLetterApart(one, other) || IsPlural(one, other) || IsPlural(other, one)));

    // As people write one name in code, in a route and in a table.
    private static string Plain(string name) =>
        name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static bool IsPlural(string many, string one) =>
        many.AsSpan().EndsWith("ES") && (many.AsSpan(..^2).SequenceEqual(one) || (many.EndsWith("IES", StringComparison.Ordinal) && one == string.Concat(many.AsSpan(..^3), "Y")));

    // One letter more, less, another, or two in the other order.
    private static bool AreOneLetterApart(string one, string other)
    {
        var (a, b) = one.Length <= other.Length ? (one, other) : (other, one);
        if (b.Length - a.Length > 1)
            return false;
        var at = a.AsSpan().CommonPrefixLength(b);
        if (at == a.Length)
            return true;
        var restA = a.AsSpan(at);
        var restB = b.AsSpan(at);
        if (a.Length < b.Length)
            return restA.SequenceEqual(restB[1..]);
        return restA[1..].SequenceEqual(restB[1..])
            || (restA.Length > 1 && restA[0] == restB[1] && restA[1] == restB[0] && restA[2..].SequenceEqual(restB[2..]));
    }
}
