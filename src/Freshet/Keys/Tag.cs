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
/// In text the segments are joined by <c>/</c>; a <c>/</c>, <c>%</c> or <c>*</c> inside a segment is written <c>%2F</c>,
/// <c>%25</c>, <c>%2A</c>, so the text of two different tags differs.
/// </remarks>
public sealed class Tag : IEquatable<Tag>
{
    /// <summary>The most segments a tag may have.</summary>
    public const int MaxDepth = 16;

    private static readonly SearchValues<char> Escaped = SearchValues.Create("/%*");
    private readonly string[] _segments;
    private readonly ulong[] _pathHashes;
    private string? _text;

    private Tag(string[] segments)
    {
        _segments = segments;
        _pathHashes = TagHash.OfPrefixes(segments);
    }

    /// <summary>The tag above all others of a tenant: touching it drops everything that the tenant has.</summary>
    public static Tag Root { get; } = new([]);

    /// <summary>All of it: this tag and everything under it, now and later.</summary>
    public Dependency Subtree => new(this, isSubtree: true);

    internal ReadOnlySpan<string> Segments => _segments;

    /// <summary>The hashes of the root, the first segment, the first two … and of the whole path.</summary>
    internal ReadOnlySpan<ulong> PathHashes => _pathHashes;

    /// <summary>The tag of those segments, from the root down.</summary>
    /// <param name="segments">1 to 16 segments of 1 to 512 UTF-16 code units each, well-formed.</param>
    /// <exception cref="ArgumentException">There is none or too many, or one is empty, too long or contains a lone surrogate.</exception>
    public static Tag Of(params ReadOnlySpan<string> segments)
    {
        if (segments.Length is 0 or > MaxDepth)
            throw new ArgumentException($"A tag has 1 to {MaxDepth} segments; this one has {segments.Length}.", nameof(segments));

        var copy = segments.ToArray();
        for (var i = 0; i < copy.Length; i++)
            CheckSegment(copy[i], i);
        return new Tag(copy);
    }

    /// <summary>Reads the text form, such as <c>import/42</c>.</summary>
    /// <param name="text">Segments joined by <c>/</c>, with <c>%2F</c>, <c>%25</c> and <c>%2A</c> for the reserved characters.</param>
    /// <exception cref="FormatException">The text is not a tag; the message says where.</exception>
    public static Tag Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var tag, out var error) ? tag : throw new FormatException(error);
    }

    /// <summary>The tag below this one.</summary>
    /// <param name="segment">1 to 512 UTF-16 code units, well-formed.</param>
    /// <exception cref="ArgumentException">The segment is empty, too long or not well-formed, or the path would be too deep.</exception>
    public Tag Child(string segment) => Of([.. _segments, segment]);

    /// <inheritdoc/>
    public bool Equals(Tag? other) => other is not null && _segments.AsSpan().SequenceEqual(other._segments);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Tag);

    /// <inheritdoc/>
    public override int GetHashCode() => PathHashes[^1].GetHashCode();

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

        var segments = text.Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            if (!TryUnescape(segments[i], out var segment))
            {
                error = $"Segment {i + 1} of the tag '{text}' is not valid: '*' and '%' are written %2A and %25, and '%' is followed by 2F, 25 or 2A.";
                return false;
            }

            segments[i] = segment;
        }

        try
        {
            tag = Of(segments);
            error = null;
            return true;
        }
        catch (ArgumentException e)
        {
            error = e.Message;
            return false;
        }
    }

    private static void CheckSegment(string? segment, int index)
    {
        var part = string.Create(CultureInfo.InvariantCulture, $"tag segment {index + 1}");
        if (KeyPart.Require(segment, part, KeyPart.MaxSegmentLength).Length == 0)
            throw new ArgumentException($"The {part} is empty.", part);
    }

    private static string Escape(string segment) => !segment.AsSpan().ContainsAny(Escaped)
        ? segment
        : new StringBuilder(segment).Replace("%", "%25").Replace("/", "%2F").Replace("*", "%2A").ToString();

    private static bool TryUnescape(string text, out string segment)
    {
        segment = text;
        if (text.Contains('*', StringComparison.Ordinal))
            return false;
        if (!text.Contains('%', StringComparison.Ordinal))
            return true;

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                plain.Append(text[i]);
                continue;
            }

            var unescaped = text.AsSpan(i) switch
            {
                ['%', '2', 'F', ..] => '/',
                ['%', '2', '5', ..] => '%',
                ['%', '2', 'A', ..] => '*',
                _ => '\0',
            };
            if (unescaped == '\0')
                return false;
            plain.Append(unescaped);
            i += 2;
        }

        segment = plain.ToString();
        return true;
    }
}
