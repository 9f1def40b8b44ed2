using System.Text;
using System.Text.Encodings.Web;
using Freshet.Keys;
using Microsoft.AspNetCore.WebUtilities;

namespace Freshet.AspNetCore.Http;

/// <summary>The declared part of a query: what is keyed, and the same again for the handler to see.</summary>
internal static class QueryText
{
    public static void WriteKey(ref KeyWriter key, string? query, string[]? names)
    {
        if (names is null)
        {
            key.Append(query, "query");
            return;
        }

        foreach (var name in names)
        {
            var count = 0;
            if (!string.IsNullOrEmpty(query))
            {
                foreach (var pair in new QueryStringEnumerable(query))
                    count += Is(pair, name) ? 1 : 0;
            }

            key.AppendCount(count, "query");
            if (count == 0)
                continue;
            foreach (var pair in new QueryStringEnumerable(query!))
            {
                if (Is(pair, name))
                    key.Append(pair.DecodeValue().Span, name);
            }
        }
    }

    /// <summary>A query that holds the declared values and nothing else.</summary>
    public static string Reduce(string? query, string[]? names)
    {
        if (names is null || string.IsNullOrEmpty(query))
            return names is null ? query ?? "" : "";

        var reduced = new StringBuilder();
        foreach (var name in names)
        {
            foreach (var pair in new QueryStringEnumerable(query))
            {
                if (!Is(pair, name))
                    continue;
                reduced.Append(reduced.Length == 0 ? '?' : '&')
                    .Append(UrlEncoder.Default.Encode(name)).Append('=').Append(UrlEncoder.Default.Encode(pair.DecodeValue().ToString()));
            }
        }

        return reduced.ToString();
    }

    // As ASP.NET Core reads a query: names without regard to case.
    private static bool Is(QueryStringEnumerable.EncodedNameValuePair pair, string name) =>
        pair.DecodeName().Span.Equals(name, StringComparison.OrdinalIgnoreCase);
}
