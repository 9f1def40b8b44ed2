using System.Net;
using System.Net.Sockets;
using System.Text;
using Freshet.TestServers;

namespace Freshet.History.Tests.Servers;

/// <summary>The proxy does to connections what it says, and nothing else.</summary>
public sealed class TcpProxyTests : IAsyncDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly TcpProxy _proxy;
    private readonly List<Socket> _sockets = [];

    public TcpProxyTests()
    {
        _server.Start();
        _proxy = new TcpProxy((IPEndPoint)_server.LocalEndpoint);
    }

    [Fact]
    public async Task Bytes_ArriveInBothDirections()
    {
        var (client, server) = await ConnectAsync();
        await SendAsync(client, "ask");
        Assert.Equal("ask", await ReceiveAsync(server, 3));
        await SendAsync(server, "answer");
        Assert.Equal("answer", await ReceiveAsync(client, 6));
    }

    [Fact]
    public async Task FrozenReplies_ArriveInOrderAfterwards()
    {
        var (client, server) = await ConnectAsync();
        _proxy.FreezeReplies();
        await SendAsync(server, "first ");
        await SendAsync(client, "still heard");
        Assert.Equal("still heard", await ReceiveAsync(server, 11));
        var reply = ReceiveAsync(client, 12);
        await SendAsync(server, "second");
        Assert.False(reply.IsCompleted);
        _proxy.FreezeReplies();
        _proxy.Restore();
        Assert.Equal("first second", await reply);
    }

    [Fact]
    public async Task Partition_HoldsUpNewConnectionsToo()
    {
        _proxy.Partition();
        var client = await OpenAsync();
        await SendAsync(client, "ask");
        var accepted = _server.AcceptSocketAsync();
        Assert.False(accepted.IsCompleted);
        _proxy.Restore();
        var server = await accepted;
        _sockets.Add(server);
        Assert.Equal("ask", await ReceiveAsync(server, 3));
    }

    [Fact]
    public async Task DropInReply_GivesAPartOfItAndEnds()
    {
        var (client, server) = await ConnectAsync();
        await SendAsync(server, "whole ");
        Assert.Equal("whole ", await ReceiveAsync(client, 6));
        _proxy.DropInReply();
        await SendAsync(server, "answer");
        Assert.Equal("ans", await ReceiveAsync(client, 6));
    }

    [Fact]
    public async Task HalfClose_TellsTheClientThatNothingMoreComes()
    {
        var (client, server) = await ConnectAsync();
        _proxy.HalfClose();
        Assert.Equal("", await ReceiveAsync(client, 1));
        await SendAsync(client, "ask");
        Assert.Equal("ask", await ReceiveAsync(server, 3));
    }

    [Fact]
    public async Task Cut_EndsConnectionsAndRefusesThoseThatCome()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Cut();
        Assert.Equal("", await ReceiveAsync(client, 1));
        Assert.Equal("", await ReceiveAsync(server, 1));
        Assert.True(await IsRefusedAsync());
        _proxy.Restore();
        await ConnectAsync();
    }

    [Fact]
    public async Task AnotherTarget_IsReachedByNewConnections()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        _proxy.Target = (IPEndPoint)other.LocalEndpoint;
        var client = await OpenAsync();
        using var server = await other.AcceptSocketAsync();
        await SendAsync(client, "ask");
        Assert.Equal("ask", await ReceiveAsync(server, 3));
    }

    [Fact]
    public async Task Delay_HoldsBackAndKeepsTheOrder()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Delay = TimeSpan.FromMilliseconds(100);
        var start = TimeProvider.System.GetTimestamp();
        await SendAsync(server, "1");
        await SendAsync(server, "2");
        Assert.Equal("12", await ReceiveAsync(client, 2));
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(90));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        await _proxy.DisposeAsync();
        _server.Dispose();
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var client = await OpenAsync();
        var server = await _server.AcceptSocketAsync();
        _sockets.Add(server);
        return (client, server);
    }

    private async Task<Socket> OpenAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _sockets.Add(client);
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port);
        return client;
    }

    private async Task<bool> IsRefusedAsync()
    {
        try
        {
            return await ReceiveAsync(await OpenAsync(), 1) == "";
        }
        catch (SocketException)
        {
            return true; // it came back before the connection was known here
        }
    }

    private static Task<int> SendAsync(Socket socket, string text) => socket.SendAsync(Encoding.ASCII.GetBytes(text));

    // Until so many bytes have come, or the end.
    private static async Task<string> ReceiveAsync(Socket socket, int length)
    {
        var buffer = new byte[length];
        var received = 0;
        try
        {
            while (received < length)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(received));
                if (read == 0)
                    break;
                received += read;
            }
        }
        catch (SocketException)
        {
            // An end as well.
        }

        return Encoding.ASCII.GetString(buffer, 0, received);
    }
}
