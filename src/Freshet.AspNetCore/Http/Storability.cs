using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Http;

/// <summary>What is known of an answer when its handler has ended.</summary>
internal readonly ref struct CapturedResponse
{
    public required int StatusCode { get; init; }

    public required IHeaderDictionary Headers { get; init; }

    public required long BodyLength { get; init; }

    /// <summary>Whether the answer was made for a HEAD request, whose length says nothing of its body.</summary>
    public bool BodyOmitted { get; init; }
}

/// <summary>Whether an answer may be stored, and why not: RFC 9111 §3, narrowed to what the policy declares.</summary>
internal static class Storability
{
    /// <summary>Statuses without content or with half of it: they have no representation to store.</summary>
    private static bool HasNoRepresentation(int status) => status is < 200 or 204 or 205 or 206 or 304;

    public static CacheReason Judge(in CapturedResponse response, ReadOnlySpan<int> declaredStatuses, IReadOnlyList<string> keyedHeaders)
    {
        var headers = response.Headers;
        if (HasNoRepresentation(response.StatusCode) || !declaredStatuses.Contains(response.StatusCode))
            return CacheReason.Status;

        // A cookie is for one client. RFC 6265 leaves it to the cache, and the caution is worth more than the hit.
        if (headers.SetCookie.Count > 0)
            return CacheReason.SetCookie;

        // RFC 9111 §3: no-store and private. An answer that may not be used without asking (no-cache, max-age=0) is of no use either.
        var control = CacheControl.Parse(headers.CacheControl);
        if (control.Has(CacheDirectives.NoStore | CacheDirectives.Private | CacheDirectives.NoCache) || (control.SharedMaxAge ?? control.MaxAge) == 0)
            return CacheReason.ResponseDirective;

        // RFC 9111 §4.1: a stored answer is selected by every field that its Vary names, so each must be part of the key.
        if (!VariesByKey(headers, keyedHeaders))
            return CacheReason.ResponseVary;

        // RFC 9112 §8: an answer shorter or longer than it declared is incomplete.
        if (!response.BodyOmitted && headers.ContentLength is { } declared && declared != response.BodyLength)
            return CacheReason.Truncated;

        return CacheReason.None;
    }

    private static bool VariesByKey(IHeaderDictionary headers, IReadOnlyList<string> keyedHeaders)
    {
        var vary = headers.Vary;
        for (var i = 0; i < vary.Count; i++)
        {
            var line = vary[i].AsSpan();
            foreach (var range in line.Split(','))
            {
                var name = line[range].Trim(" \t");
                // The load sees no Accept-Encoding, and its answer is encoded after it: that variation is the cache's own.
                if (!name.IsEmpty && !name.Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase) && !Contains(keyedHeaders, name))
                    return false;
            }
        }

        return true;
    }

    private static bool Contains(IReadOnlyList<string> names, ReadOnlySpan<char> name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (name.Equals(names[i], StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
