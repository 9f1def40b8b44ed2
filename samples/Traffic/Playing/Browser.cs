using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Client;
using Traffic.Checking;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>
/// One user's browser: up to six connections that stay open, and what it keeps between two pages (<see cref="Keeping"/>). One page
/// at a time; the calls of a page run together.
/// </summary>
internal sealed class Browser : IAsyncDisposable
{
    /// <summary>Within what time others' writes must show in what a client gives itself: the server's MaxStaleness.</summary>
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(1);

    private readonly Site _site;
    private readonly NodeTurns _turns;
    private readonly int _number;
    private readonly Account _user;
    private readonly PlayContext _context;
    private readonly HttpMessageInvoker _wire;
    private readonly NodeHandler? _carrier;
    private readonly HttpMessageInvoker? _carries;
    private readonly Lock _lock = new();
    private readonly HeldBodies _held = new();
    private AuthenticationHeaderValue? _token;
    private FreshetClient? _client;
    private HttpMessageInvoker? _kept;

    public Browser(Site site, int number, Account user, PlayContext context)
    {
        (_site, _number, _user, _context) = (site, number, user, context);
        _turns = new NodeTurns(site, first: number);
        var sockets = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = 6,
            UseCookies = false,
            AllowAutoRedirect = false,
            PlaintextStreamFilter = (connection, _) => new(new CountingStream(connection.PlaintextStream, Measures)),
        };
        _wire = new HttpMessageInvoker(new WireHandler(new NodeHandler(site, _turns, sockets), Measures));
        if (site.Nodes.Count == 1) return;
        // Events come from one node; after a connection that ended, from the next one.
        _carrier = new NodeHandler(site, _turns, new SocketsHttpHandler { UseCookies = false });
        _carries = new HttpMessageInvoker(_carrier);
    }

    public Measures Measures { get; } = new();

    private bool HearsEvents => _context.Keeping == Keeping.UntilEvents;

    public async Task SignInAsync(CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_site.Address, "/dev/token"))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { user = _user.Login }), Encoding.UTF8, "application/json"),
        };
        using var response = await _wire.SendAsync(request, cancel);
        response.EnsureSuccessStatusCode();
        using var body = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), default, cancel);
        _token = new AuthenticationHeaderValue("Bearer", body.RootElement.GetProperty("token").GetString());
        if (HearsEvents) await HearAsync(_token.Parameter!);
    }

    /// <summary>Makes the step's write, if it has one, then opens its page.</summary>
    public async Task PlayAsync(Step step, CancellationToken cancel)
    {
        // Whose role has changed is asked to sign in anew.
        if (step.Kind == StepKind.SignIn || _client is { IsRefused: true }) await SignInAsync(cancel);
        if (step.Write is { } write) await SendAsync(write, cancel);
        await Task.WhenAll(step.Calls.Select(call => SendAsync(call, cancel)));
    }

    /// <summary>Makes one call, judges its answer and counts it; returns how long it took.</summary>
    public async Task<Reply> SendAsync(Call call, CancellationToken cancel)
    {
        var held = call.IsWrite || HearsEvents ? null : _held.Of(call.Path);
        using var request = RequestFor(call, held);
        var (begin, ago) = _context.Moments.Take(MaxStaleness);
        var start = _context.Time.GetTimestamp();
        using var response = await (_kept ?? _wire).SendAsync(request, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        var took = _context.Time.GetElapsedTime(start);

        var status = (int)response.StatusCode;
        var age = FreshetHandler.AgeOf(response);
        var node = age is null ? NodeHandler.NodeOf(request) : -1;
        var (shown, unreadable) = Read(call, response, body, held);
        var error = response.IsSuccessStatusCode ? null : Encoding.UTF8.GetString(body);
        var answer = new Answer(_number, _user, call, begin, status, shown, error)
        {
            OthersBegin = age is not null || _context.NodesMayLag ? ago : begin,
            Node = node,
            IsPending = response.Headers.Contains("Freshet-Pending"),
        };
        var broken = unreadable ?? (call.IsWrite ? _context.Checker.Acknowledge(answer) : _context.Checker.Judge(answer));
        if (call.IsWrite && response.Headers.TryGetValues("Freshet-Position", out var position))
            _context.Delays.Acknowledged(_number, _user.Tenant, position.First(), node);
        var verdict = age is null ? CacheVerdict.Of(response.Headers) : CacheVerdict.Kept;
        if (verdict.IsLoad && response.Headers.ETag is { } tag) _context.Loads.Loaded(SharerOf(call), call.Path, tag.Tag);
        lock (_lock)
        {
            if (!HearsEvents) _held.Take(call, response, shown);
            Measures.Record(call, verdict, took, age, broken, answer.IsPending);
        }

        return new Reply(status, verdict.Short, took, shown);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is { } client) await client.DisposeAsync();
        _wire.Dispose();
        _carries?.Dispose();
    }

    // Another sign-in is another user, as far as the client knows.
    private async Task HearAsync(string token)
    {
        if (_client is { } before) await before.DisposeAsync();
        _client = new FreshetClient(new FreshetClientOptions
        {
            Events = new Uri(_site.Address, "/ws/cache-events"),
            Token = _ => new(token),
            OnEvent = told =>
            {
                Measures.Received(told.Bytes);
                _context.Delays.Heard(_number, _user.Tenant, told.Position, _carrier?.Last ?? 0);
            },
            Carrier = _carries,
            Time = _context.Time,
        });
        _kept = new HttpMessageInvoker(_client.CreateHandler(new InvokerHandler(_wire)), disposeHandler: false);
    }

    private HttpRequestMessage RequestFor(Call call, HeldBodies.Held? held)
    {
        var request = new HttpRequestMessage(new HttpMethod(call.Method), new Uri(_site.Address, call.Path));
        request.Headers.Authorization = _token;
        if (held is not null) request.Headers.IfNoneMatch.Add(held.Tag);
        if (_held.Cookies() is { Length: > 0 } cookies) request.Headers.Add("Cookie", cookies);
        if (call.Body is { } payload) request.Content = new StringContent(payload.Text, Encoding.UTF8, payload.MediaType);
        return request;
    }

    private static (Content? Shown, Broken? Unreadable) Read(Call call, HttpResponseMessage response, byte[] body, HeldBodies.Held? held)
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

    // Who shares an answer, as the platform's policies say.
    private string? SharerOf(Call call) => call.Shows switch
    {
        Shows.Reference => null,
        Shows.Context => _user.Login,
        _ => _user.Tenant,
    };
}

/// <summary>What the script's player needs to know of an answer.</summary>
internal readonly record struct Reply(int Status, string? Cache, TimeSpan Took, Content? Shown);
