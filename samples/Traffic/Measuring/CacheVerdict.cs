using System.Net.Http.Headers;

namespace Traffic.Measuring;

/// <summary>What an answer says of how the cache came by it.</summary>
/// <param name="Short">X-Cache; null when the answer has none.</param>
/// <param name="Reason">The detail of Cache-Status, whatever words the platform has; null when the answer has none.</param>
/// <param name="IsLoad">Whether a load was run for this very answer.</param>
internal readonly record struct CacheVerdict(string? Short, string? Reason, bool IsLoad)
{
    /// <summary>What a client gave itself.</summary>
    public static CacheVerdict Kept { get; } = new("KEPT", "kept", IsLoad: false);

    public static CacheVerdict Of(HttpResponseHeaders headers)
    {
        var text = headers.TryGetValues("X-Cache", out var values) ? values.FirstOrDefault() : null;
        if (!headers.TryGetValues("Cache-Status", out var statuses)) return new CacheVerdict(text, Reason: null, text == "MISS");

        // RFC 9211: parameters of the cache's name. What was given from another request's load is `collapsed`.
        var parameters = string.Join(',', statuses).Split(';', StringSplitOptions.TrimEntries);
        var reason = parameters.FirstOrDefault(parameter => parameter.StartsWith("detail=", StringComparison.Ordinal))?["detail=".Length..];
        return new CacheVerdict(text, reason, text == "MISS" && !parameters.Contains("collapsed", StringComparer.Ordinal));
    }
}
