using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Freshet.TestServers;

/// <summary>
/// Stands between clients and a server, and does to their connections what networks do: cuts, holds up, delays, ends them in the middle of a
/// reply, closes one half. It reorders nothing. Safe for concurrent use.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Task _accepting;
    private volatile TaskCompletionSource _replies = Open();
    private volatile TaskCompletionSource _requests = Open();
    private volatile IPEndPoint _target;
    private volatile bool _refuses;
    private long _delay;

    public TcpProxy(IPEndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Where new connections lead; those that stand stay where they are.</summary>
    public IPEndPoint Target
    {
        get => _target;
        set => _target = value;
    }

    /// <summary>How long each piece is held back, in both directions; their order stays.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _delay));
        set => Volatile.Write(ref _delay, value.Ticks);
    }

    /// <summary>Ends all connections, and those that come, until <see cref="Restore"/>.</summary>
    public void Cut()
    {
        _refuses = true;
        Drop();
    }

    /// <summary>Ends all connections; new ones are let through.</summary>
    public void Drop()
    {
        foreach (var connection in _connections.Keys)
            connection.End();
    }

    /// <summary>Each connection ends in the middle of what the server sends next.</summary>
    public void DropInReply()
    {
        foreach (var connection in _connections.Keys)
            connection.EndsInReply = true;
    }

    /// <summary>The server closes its half of each connection, as far as the client can see; the other half stays.</summary>
    public void HalfClose()
    {
        foreach (var connection in _connections.Keys)
            connection.HalfClose();
    }

    /// <summary>Holds up what the server sends; what clients send still arrives.</summary>
    public void FreezeReplies() => _replies = Shut(_replies);

    /// <summary>Holds up both directions, of new connections too: a network that swallows everything.</summary>
    public void Partition()
    {
        _requests = Shut(_requests);
        FreezeReplies();
    }

    /// <summary>Everything passes again; what was held up arrives now.</summary>
    public void Restore()
    {
        _refuses = false;
        Delay = TimeSpan.Zero;
        _requests.TrySetResult();
        _replies.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        Cut();
        Restore();
        await _accepting;
        _closing.Dispose();
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private static TaskCompletionSource Shut(TaskCompletionSource gate) =>
        gate.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : gate;

    private async Task AcceptAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptSocketAsync(_closing.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return; // it is being closed
            }

            if (_refuses)
                client.Close(0);
            else
                _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var connection = new Connection(client);
        _connections[connection] = true;
        try
        {
            await _requests.Task;
            await connection.Server.ConnectAsync(_target, _closing.Token);
            if (_refuses)
                return;
            await Task.WhenAll(PumpAsync(connection, client, connection.Server, isReply: false), PumpAsync(connection, connection.Server, client, isReply: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Nobody listens there, or the connection was ended.
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            connection.End();
        }
    }

    private async Task PumpAsync(Connection connection, Socket from, Socket to, bool isReply)
    {
        var waiting = new Queue<(long Due, byte[] Bytes)>();
        var gate = new SemaphoreSlim(0);
        var sending = SendAsync();
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            do
            {
                read = await from.ReceiveAsync(buffer);
                lock (waiting)
                    waiting.Enqueue((_time.GetTimestamp() + (long)(Delay.TotalSeconds * _time.TimestampFrequency), buffer.AsSpan(0, read).ToArray()));
                gate.Release();
            }
            while (read > 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.End();
            lock (waiting)
                waiting.Enqueue((0, []));
            gate.Release();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await sending;

        async Task SendAsync()
        {
            try
            {
                while (true)
                {
                    await gate.WaitAsync();
                    long due;
                    byte[] bytes;
                    lock (waiting)
                        (due, bytes) = waiting.Dequeue();
                    var left = _time.GetElapsedTime(_time.GetTimestamp(), due);
                    if (left > TimeSpan.Zero)
                        await Task.Delay(left, _time);
                    await (isReply ? _replies : _requests).Task;
                    if (bytes.Length == 0)
                    {
                        to.Shutdown(SocketShutdown.Send);
                        return;
                    }

                    if (isReply && connection.EndsInReply)
                    {
                        await to.SendAsync(bytes.AsMemory(0, (bytes.Length + 1) / 2));
                        connection.End();
                        return;
                    }

                    for (var sent = 0; sent < bytes.Length;)
                        sent += await to.SendAsync(bytes.AsMemory(sent));
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                connection.End();
            }
        }
    }

    private sealed class Connection(Socket client)
    {
        public Socket Server { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        public volatile bool EndsInReply;

        public void End()
        {
            client.Dispose();
            Server.Dispose();
        }

        public void HalfClose()
        {
            try
            {
                client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It has ended by itself.
            }
        }
    }
}
