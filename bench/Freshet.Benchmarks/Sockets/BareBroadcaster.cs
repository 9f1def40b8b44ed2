using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Benchmarks.Sockets;

/// <summary>
/// What one writes without Freshet, as lean as the framework allows: all sockets in a list, one loop that sends prepared bytes
/// to each. It merges nothing, and one socket that does not read holds up the others.
/// </summary>
/// <param name="authenticates">Whether its clients must be signed in, as Freshet's are.</param>
internal sealed class BareBroadcaster(bool authenticates) : IBroadcaster
{
    private static readonly ReadOnlyMemory<byte> Ready = """{"type":"ready","data":{}}"""u8.ToArray();

    private readonly Lock _gate = new();
    private readonly HashSet<WebSocket> _all = [];
    private readonly HashSet<WebSocket> _reader = [];
    private ReadOnlyMemory<byte> _message;

    public int Count
    {
        get
        {
            lock (_gate)
                return _all.Count;
        }
    }

    public void Add(IServiceCollection services)
    {
        if (authenticates)
            HeaderAuthentication.Add(services);
    }

    public void Map(WebApplication app)
    {
        if (authenticates)
        {
            app.UseAuthentication();
            app.UseAuthorization();
        }

        app.UseWebSockets();
        if (authenticates)
            app.MapGet(SocketServer.Path, (RequestDelegate)ServeAsync).RequireAuthorization();
        else
            ((IApplicationBuilder)app).Run(ServeAsync);
    }

    public void Prepare(byte[] message) => _message = message;

    public async Task TellAsync(bool reader)
    {
        WebSocket[] concerned;
        lock (_gate)
            concerned = [.. reader ? _reader : _all];
        foreach (var socket in concerned)
            await socket.SendAsync(_message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.Zero });
        var isReader = context.Request.Headers[SocketServer.UserHeader] == SocketServer.Reader;
        lock (_gate)
        {
            _all.Add(socket);
            if (isReader)
                _reader.Add(socket);
        }

        try
        {
            await socket.SendAsync(Ready, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        }
        catch (WebSocketException)
        {
            // Gone: the load leaves without a word.
        }
        finally
        {
            lock (_gate)
            {
                _all.Remove(socket);
                _reader.Remove(socket);
            }
        }
    }
}
