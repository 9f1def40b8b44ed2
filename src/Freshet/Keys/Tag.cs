using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Freshet.Keys;

namespace Freshet;

/// <summary>
/// A path that names something entries are made from: <c>import/42/mappings</c>. Touching a tag hits the dependencies on
/// it, on the subtrees of its ancestors, and on everything under it. Segments are compared ordinally and never normalised.
/// Immutable and safe to share between threads.
/// </summary>
/// <remarks>
/// <para>In text the segments are joined by <c>/</c>; a <c>/</c>, <c>%</c> or <c>*</c> inside a segment is written <c>%2F</c>,
/// <c>%25</c>, <c>%2A</c>, so the text of two different tags differs.</para>
/// <para>A tag may be made from the input of a request: a segment that is longer than 512 UTF-16 code units, or not well-formed,
/// is replaced by its SHA-256, an empty one by <c>(empty)</c>, and a path deeper than 16 segments is cut there. Whoever depends
/// on the text and whoever touches it get the same tag. Two texts with one tag cost loads, never an old answer.</para>
/// </remarks>
public sealed class Tag : IEquatable<Tag>
{
    /// <summary>The most segments a tag has; deeper paths are cut.</summary>
    public const int MaxDepth = 16;

    private const string EmptySegment = "(empty)";

    private static readonly SearchValues<char> Escaped = SearchValues.Create("/%*");
    private readonly string[] _segments;
    private string? _text;

    private Tag(string[] segments) => _segments = segments;

    /// <summary>The tag above all others of a tenant: touching it drops everything that the tenant has.</summary>
    public static Tag Root { get; } = new([]);

    /// <summary>All of it: this tag and everything under it, now and later.</summary>
    public Dependency Subtree => new(this, isSubtree: true);

    internal ReadOnlySpan<string> Segments => _segments;

    /// <summary>The tag of those segments, from the root down.</summary>
    /// <param name="segments">At least one; any text, input of a request included.</param>
    /// <exception cref="ArgumentException">There is no segment.</exception>
    /// <exception cref="ArgumentNullException">A segment is null.</exception>
    public static Tag Of(params ReadOnlySpan<string> segments)
    {
        if (segments.IsEmpty)
            throw new ArgumentException("A tag has at least one segment.", nameof(segments));

        // A cut path is touched with its ancestor and depended on as its ancestor: too much, never too little.
        var copy = segments[..Math.Min(segments.Length, MaxDepth)].ToArray();
        for (var i = 0; i < copy.Length; i++)
            copy[i] = Bounded(copy[i], i);
        return new Tag(copy);
    }

    /// <summary>Reads the text form, such as <c>import/42</c>.</summary>
    /// <param name="text">Segments joined by <c>/</c>, with <c>%2F</c>, <c>%25</c> and <c>%2A</c> for the reserved characters. Any
    /// other <c>%</c>, and a <c>*</c> beside other characters, stands for itself.</param>
    /// <exception cref="FormatException">The text is empty, or a whole segment is <c>*</c> or <c>**</c>: there are no patterns.</exception>
    public static Tag Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var tag, out var error) ? tag : throw new FormatException(error);
    }

    /// <summary>The tag below this one.</summary>
    /// <param name="segment">Any text, input of a request included.</param>
    public Tag Child(string segment) => Of([.. _segments, segment]);

    /// <inheritdoc/>
    public bool Equals(Tag? other) => other is not null && _segments.AsSpan().SequenceEqual(other._segments);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Tag);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var segment in _segments)
            hash.Add(string.GetHashCode(segment, StringComparison.Ordinal)); // seeded for each process, so nobody who chooses segments chooses collisions
        return hash.ToHashCode();
    }

    /// <summary>The text form; <c>/</c> for the root.</summary>
    public override string ToString() => _text ??= _segments.Length == 0 ? "/" : string.Join('/', _segments.Select(Escape));

    internal static bool TryParse(string text, [NotNullWhen(true)] out Tag? tag, [NotNullWhen(false)] out string? error)
    {
        tag = null;
        if (text == "/")
        {
            tag = Root;
            error = null;
            return true;
        }

        if (text.Length == 0)
        {
            error = "The text of a tag is empty.";
            return false;
        }

        var segments = text.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            // Taken for a pattern it would match nothing, and nobody would notice.
            if (segments[i] is "*" or "**")
            {
                error = $"Segment {i + 1} of the tag '{text}' is '{segments[i]}', and there are no patterns: depend on 'a/**' for all below a, touch 'a' for the same, or write %2A. For input use Tag.Of(\"a\", value).";
                return false;
            }

            segments[i] = Unescape(segments[i]);
        }

        tag = Of(segments);
        error = null;
        return true;
    }

    private static string Bounded(string? segment, int index)
    {
        if (segment is null)
            throw new ArgumentNullException(string.Create(CultureInfo.InvariantCulture, $"tag segment {index + 1}"));
        if (segment.Length == 0)
            return EmptySegment;
        return KeyPart.Check(segment, KeyPart.MaxSegmentLength) is KeyPartError.None ? segment : KeyPart.Hash(segment);
    }

    private static string Escape(string segment) => !segment.AsSpan().ContainsAny(Escaped)
        ? segment
        : new StringBuilder(segment).Replace("%", "%25").Replace("/", "%2F").Replace("*", "%2A").ToString();

    private static string Unescape(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var (unescaped, length) = text.AsSpan(i) switch
            {
                ['%', '2', 'F', ..] => ('/', 3),
                ['%', '2', '5', ..] => ('%', 3),
                ['%', '2', 'A', ..] => ('*', 3),
                var rest => (rest[0], 1),
            };
            plain.Append(unescaped);
            i += length - 1;
        }

        return plain.ToString();
    }
}
