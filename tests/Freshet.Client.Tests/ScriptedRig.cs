using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.Client.Tests;

/// <summary>A client, and a server of which a test says every word: its events by a WebSocket, its answers without a wire.</summary>
internal sealed class ScriptedRig : HttpMessageHandler, IAsyncDisposable
{
    private readonly Channel<ScriptedEvents> _connections = Channel.CreateUnbounded<ScriptedEvents>();
    private readonly Told _told = new();
    private TestApp? _app;

    private ScriptedRig()
    {
    }

    public TestClock Time { get; } = new();

    public FreshetClient Client { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    /// <summary>What the server answers.</summary>
    public Func<HttpRequestMessage, Task<HttpResponseMessage>> Answer { get; set; } = NoCallAsync;

    /// <summary>The fields of the last request, as they were sent.</summary>
    public IReadOnlyDictionary<string, string> Sent { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <param name="answerUpgrade">Runs before a connection for events is accepted.</param>
    public static async Task<ScriptedRig> StartAsync(Func<HttpContext, Task>? answerUpgrade = null)
    {
        var rig = new ScriptedRig();
        rig._app = await TestApp.StartAsync(
            app =>
            {
                app.UseWebSockets();
                app.MapGet("/events", async (HttpContext http) =>
                {
                    await (answerUpgrade?.Invoke(http) ?? Task.CompletedTask);
                    using var socket = await http.WebSockets.AcceptWebSocketAsync("freshet.v1");
                    var connection = new ScriptedEvents(socket, http.Request.Query["position"].ToString());
                    rig._connections.Writer.TryWrite(connection);
                    await connection.Gone(http.RequestAborted);
                });
            },
            useFreshet: false);
        rig.Client = new FreshetClient(new FreshetClientOptions
        {
            Events = new Uri(rig._app.Address, "/events"),
            OnEvent = rig._told.Add,
            Time = rig.Time,
        });
        rig.Http = new HttpClient(rig.Client.CreateHandler(rig)) { BaseAddress = rig._app.Address };
        return rig;
    }

    /// <summary>A client that was told where the logs stand.</summary>
    public static async Task<(ScriptedRig Rig, ScriptedEvents Events)> ReadyAsync(string position)
    {
        var rig = await StartAsync();
        var events = await rig.ConnectedAsync();
        await rig.TellAsync(events, Script.Ready(position), CacheEventKind.Ready);
        return (rig, events);
    }

    /// <summary>Waits for the next connection for events.</summary>
    public async Task<ScriptedEvents> ConnectedAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _connections.Reader.ReadAsync(limit.Token);
    }

    public Task<CacheEvent> HearAsync(CacheEventKind kind) => _told.NextAsync(kind);

    /// <summary>Says a message, and waits until the client has heard it.</summary>
    public async Task<CacheEvent> TellAsync(ScriptedEvents events, string message, CacheEventKind kind)
    {
        await events.SayAsync(message);
        return await HearAsync(kind);
    }

    /// <summary>Gets it. The server, when it is asked, answers so; without an answer a call fails the test.</summary>
    public Task<(string Text, bool IsKept)> GetAsync(string path, HttpResponseMessage? answer = null, params (string Name, string Value)[] headers)
    {
        Answer = answer is null ? NoCallAsync : _ => Task.FromResult(answer);
        return GetAsync(path, headers);
    }

    /// <summary>Gets it; the server answers with what this makes of the request.</summary>
    public Task<(string Text, bool IsKept)> GetAsync(string path, Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        Answer = request => Task.FromResult(answer(request));
        return GetAsync(path, []);
    }

    /// <summary>Sends a request for it, which is answered when a test says so.</summary>
    public Departed Depart(string path)
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        Answer = _ => answer.Task;
        return new Departed(GetAsync(path, []), answer);
    }

    /// <summary>Writes; the server answers with what this makes of the request.</summary>
    public async Task WriteAsync(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        Answer = request => Task.FromResult(answer(request));
        using var _ = await Http.PostAsync(new Uri("/write", UriKind.Relative), null);
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Http.Dispose();
        await _app!.DisposeAsync();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent = request.Headers.NonValidated.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var answer = await Answer(request);
        answer.RequestMessage = request;
        return answer;
    }

    private static Task<HttpResponseMessage> NoCallAsync(HttpRequestMessage request) =>
        throw new InvalidOperationException($"{request.RequestUri} was asked for again.");

    private async Task<(string Text, bool IsKept)> GetAsync(string path, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request);
        return (await answer.Content.ReadAsStringAsync(), FreshetHandler.AgeOf(answer) is not null);
    }
}

/// <summary>A request that is on its way.</summary>
internal sealed record Departed(Task<(string Text, bool IsKept)> Got, TaskCompletionSource<HttpResponseMessage> Pending)
{
    public Task<(string Text, bool IsKept)> AnswerAsync(HttpResponseMessage answer)
    {
        Pending.SetResult(answer);
        return Got;
    }
}

/// <summary>A connection for events.</summary>
/// <param name="socket">The server's end.</param>
/// <param name="position">Where the client says that it was.</param>
internal sealed class ScriptedEvents(WebSocket socket, string position)
{
    public string Position => position;

    public Task SayAsync(string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public void Cut() => socket.Abort();

    /// <summary>Ends when the client has gone: it never says anything.</summary>
    public async Task Gone(CancellationToken aborted)
    {
        try
        {
            await socket.ReceiveAsync(new byte[1], aborted);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // However it went.
        }
    }
}
