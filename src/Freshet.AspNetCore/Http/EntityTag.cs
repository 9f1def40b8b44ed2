using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>How a list of entity tags compares with the current one.</summary>
internal enum EntityTagMatch : byte
{
    /// <summary>The field is missing or empty.</summary>
    Absent,
    None,
    Matches,
}

/// <summary>Entity tags on the wire: RFC 9110 §8.8.3, read in place.</summary>
internal static class EntityTag
{
    /// <summary>Takes the next member from a list of entity tags.</summary>
    /// <param name="list">The rest of the list; on return what follows the member.</param>
    /// <param name="opaque">The tag with its quotes, without <c>W/</c>; <c>*</c> for the wildcard.</param>
    /// <param name="weak">Whether it had <c>W/</c> in front.</param>
    /// <returns>False at the end, or where the list is malformed: what follows cannot be told apart and is not read.</returns>
    public static bool TryTake(ref ReadOnlySpan<char> list, out ReadOnlySpan<char> opaque, out bool weak)
    {
        opaque = default;
        weak = false;

        // RFC 9110 §5.6.1.2: empty members are ignored.
        list = list.TrimStart(" \t,");
        if (list.IsEmpty)
            return false;

        if (list[0] == '*')
        {
            opaque = list[..1];
            list = list[1..];
            return true;
        }

        // The prefix is case-sensitive: §8.8.3.
        if (list.StartsWith("W/"))
        {
            weak = true;
            list = list[2..];
        }

        if (list.IsEmpty || list[0] != '"')
            return false;
        var length = list[1..].IndexOf('"');
        if (length < 0 || !IsOpaque(list.Slice(1, length)))
            return false;

        opaque = list[..(length + 2)];
        list = list[(length + 2)..];
        var end = list.TrimStart(" \t");
        return end.IsEmpty || end[0] == ',';
    }

    /// <summary>Whether the text is one whole entity tag, weak or strong.</summary>
    public static bool IsValid(ReadOnlySpan<char> text)
    {
        var rest = text;
        return TryTake(ref rest, out var opaque, out _) && !opaque.SequenceEqual("*") && rest.IsEmpty && text[0] is '"' or 'W';
    }

    /// <summary>
    /// Compares the list in a field with the tag of the current representation: weakly for <c>If-None-Match</c> (§13.1.2),
    /// strongly for <c>If-Match</c> (§13.1.1). <c>*</c> matches any current representation.
    /// </summary>
    /// <param name="field">The field's lines.</param>
    /// <param name="current">The current tag, or null when the representation has none.</param>
    /// <param name="strong">Whether both must be strong (§8.8.3.2).</param>
    /// <param name="exists">Whether there is a current representation at all.</param>
    public static EntityTagMatch Match(StringValues field, string? current, bool strong, bool exists = true)
    {
        // What browsers send: the very tag they were given.
        if (field.Count == 1 && exists && current is ['"', .., '"']
            && string.Equals(field[0], current, StringComparison.Ordinal) && IsOpaque(current.AsSpan(1, current.Length - 2)))
        {
            return EntityTagMatch.Matches;
        }

        var present = false;
        var currentOpaque = current.AsSpan();
        var currentWeak = currentOpaque.StartsWith("W/");
        if (currentWeak)
            currentOpaque = currentOpaque[2..];

        for (var i = 0; i < field.Count; i++)
        {
            var rest = field[i].AsSpan();
            present |= !rest.IsWhiteSpace();
            while (TryTake(ref rest, out var opaque, out var weak))
            {
                if (opaque is "*")
                {
                    if (exists)
                        return EntityTagMatch.Matches;
                    continue;
                }

                var comparable = !strong || (!weak && !currentWeak);
                if (exists && comparable && current is not null && opaque.SequenceEqual(currentOpaque))
                    return EntityTagMatch.Matches;
            }
        }

        return present ? EntityTagMatch.None : EntityTagMatch.Absent;
    }

    // etagc = %x21 / %x23-7E / obs-text: no space, no control, no quote.
    private static bool IsOpaque(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (c is < '!' or '"' or '\x7F')
                return false;
        }

        return true;
    }
}
