using System.Globalization;
using System.Net.Http.Headers;

namespace Freshet.Client;

/// <summary>Fields as they were sent.</summary>
internal static class HeaderText
{
    private const string TimeToLive = "ttl=";

    /// <summary>The field's whole value; empty when it is not there.</summary>
    public static string Of(HttpHeaders headers, string name) => headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "";

    /// <summary>The cookies of a request without the position, which says nothing about what is answered.</summary>
    public static string Cookies(HttpRequestHeaders request)
    {
        var cookies = Of(request, "Cookie");
        return cookies.Contains("Freshet-Position=", StringComparison.Ordinal)
            ? string.Join(';', cookies.Split(';').Where(c => !c.AsSpan().TrimStart(' ').StartsWith("Freshet-Position=", StringComparison.Ordinal)))
            : cookies;
    }

    /// <summary>How long the server's cache says that the answer is fresh (RFC 9211 §2.5); zero when it says nothing.</summary>
    public static TimeSpan Lifetime(HttpResponseHeaders headers)
    {
        foreach (var member in Of(headers, "Cache-Status").Split(','))
        {
            var parameters = member.Split(';', StringSplitOptions.TrimEntries);
            if (parameters[0] != "Freshet")
                continue;
            var text = Array.Find(parameters, p => p.StartsWith(TimeToLive, StringComparison.Ordinal))?[TimeToLive.Length..];
            return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
        }

        return TimeSpan.Zero;
    }

    /// <returns>What the answer varies by; null when nobody can tell which requests it is for.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>>? Vary(HttpResponseHeaders answer, HttpRequestHeaders request, bool isDecoded)
    {
        var vary = new List<KeyValuePair<string, string>>();
        foreach (var name in Of(answer, "Vary").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (name is "*" || name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
                return null;
            // The inner handler asks for codings and decodes by itself: what comes here is the same for all.
            if (name.Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase) && isDecoded)
                continue;
            vary.Add(new(name, Of(request, name)));
        }

        return vary;
    }
}
