using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Freshet.AspNetCore.Tests.Testing;

namespace Freshet.AspNetCore.Tests.Events;

/// <summary>A client of the events, on a real WebSocket.</summary>
internal sealed class EventSocket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    public ClientWebSocket Socket => _socket;

    public static async Task<EventSocket> ConnectAsync(TestApp app, string user = "alice;tenant=acme", string query = "", Action<ClientWebSocketOptions>? options = null)
    {
        var client = new EventSocket();
        client._socket.Options.SetRequestHeader("Authorization", $"Test {user}");
        client._socket.Options.AddSubProtocol("freshet.v1");
        options?.Invoke(client._socket.Options);
        try
        {
            await client._socket.ConnectAsync(new UriBuilder(app.Address) { Scheme = "ws", Path = "/events", Query = query }.Uri, CancellationToken.None);
        }
        catch
        {
            client._socket.Dispose();
            throw;
        }

        return client;
    }

    /// <summary>Connects and hears the greeting.</summary>
    public static async Task<EventSocket> ReadyAsync(TestApp app, string user = "alice;tenant=acme")
    {
        var client = await ConnectAsync(app, user);
        Assert.Equal("ready", (await client.ReadAsync()).Type);
        return client;
    }

    public async Task<ServerMessage> ReadAsync()
    {
        var text = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            if (received.MessageType is WebSocketMessageType.Close)
                return new ServerMessage("close", default, (int)_socket.CloseStatus!, _socket.CloseStatusDescription);
            text.Write(buffer, 0, received.Count);
            if (!received.EndOfMessage)
                continue;
            using var json = JsonDocument.Parse(text.ToArray());
            var data = json.RootElement.TryGetProperty("data", out var d) ? d.Clone() : default;
            return new ServerMessage(json.RootElement.GetProperty("type").GetString()!, data, 0, null);
        }
    }

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text));

    public Task SendAsync(byte[] bytes, WebSocketMessageType type = WebSocketMessageType.Text, bool isEnd = true) =>
        _socket.SendAsync(bytes, type, isEnd, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>What a server said.</summary>
internal sealed record ServerMessage(string Type, JsonElement Data, int CloseCode, string? CloseReason)
{
    public string Text(string name) => Data.GetProperty(name).GetString()!;

    public string[] Texts(string name) => [.. Data.GetProperty(name).EnumerateArray().Select(e => e.GetString()!)];
}
