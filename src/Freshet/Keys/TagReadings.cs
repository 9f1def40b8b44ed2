using System.Diagnostics.CodeAnalysis;

namespace Freshet.Keys;

/// <summary>
/// The dependencies that input of a request may mean. A client spells a key in its own way: <c>007</c> for 7, a Guid in capitals,
/// an escape that was decoded or not. Whoever touches the tag spells it as the database does, so a load depends on each reading:
/// never on too little. Pure.
/// </summary>
internal static class TagReadings
{
    // More readings than this are of no use; then the answer depends on all that begins alike.
    private const int MaxReadings = 32;

    /// <param name="segments">The segments, from the root down.</param>
    /// <param name="isInput">Which of them a client has chosen.</param>
    public static IReadOnlyList<Dependency> OfSegments(ReadOnlySpan<string> segments, ReadOnlySpan<bool> isInput)
    {
        List<string[]> readings = [segments.ToArray()];
        for (var i = 0; i < segments.Length; i++)
        {
            if (!isInput[i])
                continue;
            var others = Canonical(segments[i]).Where(c => !string.Equals(c, readings[0][i], StringComparison.Ordinal)).Distinct(StringComparer.Ordinal);
            foreach (var other in others.ToArray())
            {
                foreach (var reading in readings.Where(r => string.Equals(r[i], readings[0][i], StringComparison.Ordinal)).ToArray())
                {
                    var copy = (string[])reading.Clone();
                    copy[i] = other;
                    readings.Add(copy);
                }
            }

            if (readings.Count > MaxReadings)
                return [(segments[..i].IsEmpty ? Tag.Root : Tag.Of(segments[..i])).Subtree];
        }

        List<Dependency> found = [.. readings.Select(r => Dependency.FromTag(Tag.Of(r)))];
        // The same text, read as the text form of a tag.
        if (Tag.TryParse(string.Join('/', segments), out var text, out _) && !found.Contains(text))
            found.Add(text);
        return found;
    }

    /// <summary>The readings of the text form of a dependency that input may be a part of.</summary>
    /// <returns>False when the text is no dependency; the error says why.</returns>
    public static bool TryOfText(string text, [NotNullWhen(true)] out IReadOnlyList<Dependency>? readings, [NotNullWhen(false)] out string? error)
    {
        readings = null;
        error = null;
        if (text == "**")
        {
            readings = [Tag.Root.Subtree];
            return true;
        }

        var isSubtree = text.EndsWith("/**", StringComparison.Ordinal);
        var path = isSubtree ? text[..^3] : text;
        if (!Tag.TryParse(path, out var tag, out error))
            return false;
        var found = new List<Dependency> { isSubtree ? tag.Subtree : tag };
        // Which part of the text was input is not known: an escape may be one, or what the client sent.
        if (path.Contains('%', StringComparison.Ordinal))
            Add(path.Split('/'));
        // The last segment is where a key is.
        var segments = tag.Segments.ToArray();
        if (!isSubtree && segments.Length > 1)
        {
            foreach (var canonical in Canonical(segments[^1]))
                Add([.. segments[..^1], canonical]);
        }

        readings = found;
        return true;

        void Add(string[] literal)
        {
            var other = Tag.Of(literal);
            Dependency dependency = isSubtree ? other.Subtree : other;
            if (!found.Contains(dependency))
                found.Add(dependency);
        }
    }

    // How the keys of entities are written (KeyText), for what ASP.NET Core reads from such a text.
    private static IEnumerable<string> Canonical(string text) =>
        new[] { KeySpelling.OfGuid(text), KeySpelling.OfInteger(text), KeySpelling.OfBoolean(text), KeySpelling.OfDate(text) }.OfType<string>();
}
