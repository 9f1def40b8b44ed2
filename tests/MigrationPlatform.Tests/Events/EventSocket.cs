using System.Buffers.Text;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Events;

/// <summary>A client of the platform's events that signs in as a page does: with its token as a subprotocol.</summary>
internal sealed class EventSocket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();

    /// <summary>Connects and hears the greeting.</summary>
    public static async Task<EventSocket> ConnectAsync(Platform platform, HttpClient user)
    {
        var token = Encoding.UTF8.GetBytes(user.DefaultRequestHeaders.Authorization!.Parameter!);
        var client = new EventSocket();
        client._socket.Options.AddSubProtocol("freshet.v1");
        client._socket.Options.AddSubProtocol($"freshet.bearer.{Base64Url.EncodeToString(token)}");
        await client._socket.ConnectAsync(
            new UriBuilder(platform.Address) { Scheme = "ws", Path = "/ws/cache-events" }.Uri, TestContext.Current.CancellationToken);
        Assert.Equal("freshet.v1", client._socket.SubProtocol);
        Assert.Equal("ready", (await client.NextAsync()).Type);
        return client;
    }

    /// <summary>The next message; of a close frame the code and the reason.</summary>
    public async Task<(string Type, JsonElement Data)> NextAsync()
    {
        var text = new MemoryStream();
        var buffer = new byte[8192];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            if (received.MessageType is WebSocketMessageType.Close)
                return ($"close {(int)_socket.CloseStatus!} {_socket.CloseStatusDescription}", default);
            text.Write(buffer, 0, received.Count);
            if (!received.EndOfMessage) continue;
            var message = JsonDocument.Parse(text.ToArray()).RootElement;
            return (message.Text("type"), message.TryGetProperty("data", out var data) ? data : default);
        }
    }

    /// <summary>The next change that it is told of.</summary>
    public async Task<JsonElement> ChangeAsync()
    {
        while (true)
        {
            var (type, data) = await NextAsync();
            if (type == "cache_invalidation") return data;
            Assert.Equal("heartbeat", type);
        }
    }

    /// <summary>Waits until the server has beaten so often.</summary>
    public async Task HeartbeatsAsync(int count)
    {
        while (count > 0)
        {
            if ((await NextAsync()).Type == "heartbeat") count--;
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Abort();
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
