using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>
/// One user's browser: up to six connections that stay open, a private cache of bodies by URL that it revalidates with
/// If-None-Match, and cookies. One page at a time; the calls of a page run together.
/// </summary>
internal sealed class Browser : IDisposable
{
    private readonly Uri _platform;
    private readonly int _number;
    private readonly Account _user;
    private readonly Ledger _ledger;
    private readonly Checker _checker;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Held> _held = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _cookies = new(StringComparer.Ordinal);
    private AuthenticationHeaderValue? _token;

    public Browser(Uri platform, int number, Account user, Ledger ledger, Checker checker, TimeProvider time)
    {
        (_platform, _number, _user, _ledger, _checker, _time) = (platform, number, user, ledger, checker, time);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 6,
            UseCookies = false,
            AllowAutoRedirect = false,
            PlaintextStreamFilter = (context, _) => new(new CountingStream(context.PlaintextStream, Measures)),
        });
    }

    public Measures Measures { get; } = new();

    public async Task SignInAsync(CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_platform, "/dev/token"))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { user = _user.Login }), Encoding.UTF8, "application/json"),
        };
        using var response = await _http.SendAsync(request, cancel);
        response.EnsureSuccessStatusCode();
        using var body = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), default, cancel);
        _token = new AuthenticationHeaderValue("Bearer", body.RootElement.GetProperty("token").GetString());
    }

    /// <summary>Makes the step's write, if it has one, then opens its page.</summary>
    public async Task PlayAsync(Step step, CancellationToken cancel)
    {
        if (step.Kind == StepKind.SignIn) await SignInAsync(cancel);
        if (step.Write is { } write) await SendAsync(write, cancel);
        await Task.WhenAll(step.Calls.Select(call => SendAsync(call, cancel)));
    }

    /// <summary>Makes one call, judges its answer and counts it; returns how long it took.</summary>
    public async Task<Reply> SendAsync(Call call, CancellationToken cancel)
    {
        var held = call.IsWrite ? null : HeldFor(call.Path);
        using var request = RequestFor(call, held);
        var begin = _ledger.Begin();
        var start = _time.GetTimestamp();
        using var response = await _http.SendAsync(request, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        var took = _time.GetElapsedTime(start);

        var status = (int)response.StatusCode;
        var (shown, unreadable) = Read(call, response, body, held);
        var error = response.IsSuccessStatusCode ? null : Encoding.UTF8.GetString(body);
        var answer = new Answer(_number, _user, call, begin, status, shown, error);
        var broken = unreadable ?? (call.IsWrite ? _checker.Acknowledge(answer) : _checker.Judge(answer));
        lock (_lock)
        {
            KeepCookies(response);
            if (status == 200 && !call.IsWrite) Hold(call.Path, response, shown);
            Measures.Record(call, status, body.Length, CacheVerdict(response), took, broken);
        }

        return new Reply(status, CacheVerdict(response), took, shown);
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage RequestFor(Call call, Held? held)
    {
        var request = new HttpRequestMessage(new HttpMethod(call.Method), new Uri(_platform, call.Path));
        request.Headers.Authorization = _token;
        if (held is not null) request.Headers.IfNoneMatch.Add(held.Tag);
        if (CookieHeader() is { Length: > 0 } cookies) request.Headers.Add("Cookie", cookies);
        if (call.Body is { } payload) request.Content = new StringContent(payload.Text, Encoding.UTF8, payload.MediaType);
        return request;
    }

    private static (Content? Shown, Broken? Unreadable) Read(Call call, HttpResponseMessage response, byte[] body, Held? held)
    {
        if (response.StatusCode == HttpStatusCode.NotModified) return (held?.Content, null);
        if (!response.IsSuccessStatusCode || body.Length == 0) return (null, null);
        try
        {
            return (Content.Read(call, body), null);
        }
        catch (JsonException unreadable)
        {
            return (null, new Broken(BrokenKind.Failed, call.Route, call.Path, unreadable.Message));
        }
    }

    private Held? HeldFor(string path)
    {
        lock (_lock) return _held.GetValueOrDefault(path);
    }

    private string CookieHeader()
    {
        lock (_lock) return string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));
    }

    private void Hold(string path, HttpResponseMessage response, Content? shown)
    {
        if (shown is null || response.Headers.ETag is not { } tag || response.Headers.CacheControl?.NoStore == true) _held.Remove(path);
        else _held[path] = new Held(tag, shown);
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

    private static string? CacheVerdict(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Cache", out var values) ? values.FirstOrDefault() : null;

    private sealed record Held(EntityTagHeaderValue Tag, Content Content);
}

/// <summary>What the script's player needs to know of an answer.</summary>
internal readonly record struct Reply(int Status, string? Cache, TimeSpan Took, Content? Shown);
