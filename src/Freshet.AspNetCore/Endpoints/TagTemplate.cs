using System.Globalization;
using Freshet.Keys;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>Dependencies with route values in them: <c>import/{id}/mappings</c>, <c>import/**</c>. Immutable.</summary>
internal sealed class TagTemplate
{
    private const string SubtreeEnd = "/**";

    private readonly string _text;
    private readonly Dependency? _constant;
    private readonly string[] _segments = [];
    private readonly string?[] _names = [];
    private readonly bool _isSubtree;

    /// <exception cref="FormatException">The text is not a dependency.</exception>
    public TagTemplate(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        _text = text;
        _isSubtree = text.EndsWith(SubtreeEnd, StringComparison.Ordinal);
        var path = _isSubtree ? text[..^SubtreeEnd.Length] : text;
        // What a program says is checked strictly; only the values of a request may be anything.
        if (path is not "/" && path.Split('/').Any(s => s.Length == 0))
            throw new FormatException($"The tag '{text}' has an empty segment.");
        if (!text.Contains('{', StringComparison.Ordinal))
        {
            _constant = Dependency.Parse(text);
            return;
        }

        // Each segment is a literal in the text form of tags, or one route value.
        _segments = path.Split('/');
        _names = new string?[_segments.Length];
        for (var i = 0; i < _segments.Length; i++)
        {
            if (_segments[i] is ['{', .. var name, '}'] && name.Length > 0)
                _names[i] = name;
            else if (_segments[i].AsSpan().ContainsAny('{', '}'))
                throw new FormatException($"In the tag '{text}' a route value must be a whole segment, as in import/{{id}}.");
            else
                _segments[i] = Tag.Parse(_segments[i]).Segments[0];
        }
    }

    /// <summary>The segments that the program says; null for those that are route values.</summary>
    public string?[] KnownSegments => _constant is { } constant
        ? [.. constant.Tag.Segments]
        : [.. _segments.Zip(_names, (segment, name) => name is null ? segment : null)];

    /// <summary>Whether it counts for what is below it, too.</summary>
    public bool IsSubtree => _constant?.IsSubtree ?? _isSubtree;

    /// <summary>The route values that it needs.</summary>
    public IEnumerable<string> RouteValues => _names.OfType<string>();

    /// <summary>The dependencies for a request; never throws for what a client sent.</summary>
    public IReadOnlyList<Dependency> For(HttpContext context)
    {
        if (_constant is { } constant)
            return [constant];

        var filled = new string[_segments.Length];
        for (var i = 0; i < filled.Length; i++)
        {
            if (_names[i] is not { } name)
                filled[i] = _segments[i];
            else if (Convert.ToString(context.Request.RouteValues[name], CultureInfo.InvariantCulture) is { Length: > 0 } value)
                filled[i] = value;
            else
                return [(i == 0 ? Tag.Root : Tag.Of(filled.AsSpan(0, i))).Subtree]; // an optional value that is not there: whatever begins alike
        }

        var readings = TagReadings.OfSegments(filled, [.. _names.Select(n => n is not null)]);
        return _isSubtree ? [.. readings.Select(r => r.Tag.Subtree)] : readings;
    }

    public override string ToString() => _text;
}
