using System.Net;
using System.Net.Http.Headers;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>
/// What a browser keeps by itself: bodies with their ETag by URL, which it revalidates, and cookies. Safe for concurrent use.
/// </summary>
internal sealed class HeldBodies
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);

    public Held? Of(string path)
    {
        lock (_lock) return _held.GetValueOrDefault(path);
    }

    /// <summary>The cookies, as a request carries them; empty for none.</summary>
    public string Cookies()
    {
        lock (_lock) return string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));
    }

    public void Take(Call call, HttpResponseMessage response, Content? shown)
    {
        lock (_lock)
        {
            KeepCookies(response);
            if (response.StatusCode != HttpStatusCode.OK || call.IsWrite) return;
            if (shown is null || response.Headers.ETag is not { } tag || response.Headers.CacheControl?.NoStore == true) _held.Remove(call.Path);
            else _held[call.Path] = new Held(tag, shown);
        }
    }

    // The platform is the only origin, and its cookies last longer than a run: names and values are all there is to keep.
    private void KeepCookies(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var cookies)) return;
        foreach (var cookie in cookies)
        {
            var pair = cookie.Split(';', 2)[0].Split('=', 2);
            if (pair.Length == 2) _cookies[pair[0].Trim()] = pair[1].Trim();
        }
    }

    internal sealed record Held(EntityTagHeaderValue Tag, Content Content);
}
