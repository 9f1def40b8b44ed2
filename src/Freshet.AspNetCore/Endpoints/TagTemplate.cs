using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>Dependencies with route values in them: <c>import/{id}/mappings</c>, <c>import/**</c>.</summary>
internal static class TagTemplate
{
    private const string SubtreeEnd = "/**";

    public static Func<HttpContext, Dependency> Compile(string template)
    {
        ArgumentException.ThrowIfNullOrEmpty(template);
        var isSubtree = template.EndsWith(SubtreeEnd, StringComparison.Ordinal);
        if (!template.Contains('{', StringComparison.Ordinal))
        {
            var constant = Dependency.Parse(template);
            return _ => constant;
        }

        // Each segment is a literal in the text form of tags, or one route value.
        var segments = (isSubtree ? template[..^SubtreeEnd.Length] : template).Split('/');
        var names = new string?[segments.Length];
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] is ['{', .. var name, '}'] && name.Length > 0)
                names[i] = name;
            else if (segments[i].AsSpan().ContainsAny('{', '}'))
                throw new FormatException($"In the tag '{template}' a route value must be a whole segment, as in import/{{id}}.");
            else
                segments[i] = Tag.Parse(segments[i]).Segments[0];
        }

        return context =>
        {
            var filled = new string[segments.Length];
            for (var i = 0; i < filled.Length; i++)
                filled[i] = names[i] is { } name ? RouteValue(context, name, template) : segments[i];
            var tag = Tag.Of(filled);
            return isSubtree ? tag.Subtree : tag;
        };
    }

    private static string RouteValue(HttpContext context, string name, string template) =>
        Convert.ToString(context.Request.RouteValues[name], CultureInfo.InvariantCulture) is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"The tag '{template}' needs the route value '{name}', which {context.Request.Path} does not have.");
}
