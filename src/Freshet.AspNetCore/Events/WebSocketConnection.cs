using System.Buffers;
using System.Net.WebSockets;
using Freshet.Invalidation;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Events;

/// <summary>A client on a WebSocket (RFC 6455): it may narrow what it hears, and ask whether the server is there.</summary>
internal sealed class WebSocketConnection(EventClient client, EventChannel channel, EventClock clock, WebSocket socket, EntityModel model)
    : EventConnection(client, channel, clock)
{
    private const int MaxMessages = 20;
    private const int MaxReads = 10 * MaxMessages; // a message in ten parts is patience enough; empty parts count as well
    private static readonly EventClose Goodbye = new((int)WebSocketCloseStatus.NormalClosure, "");
    private static readonly TimeSpan Goodbyes = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly EventClock _clock = clock;
    private long _windowStart = clock.Now;
    private int _messages;
    private int _reads;

    /// <summary>Hears the client until it leaves, or is told to.</summary>
    /// <param name="request">Its request: the token of its end costs memory for as long as it lasts, so it is asked for only at the end.</param>
    public async Task ReceiveAsync(HttpContext request)
    {
        try
        {
            while (!Ended.IsCompleted)
            {
                // No buffer is held while nothing comes, which is nearly always.
                var waited = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
                var close = waited.MessageType is WebSocketMessageType.Close ? Goodbye
                    : waited.EndOfMessage ? EventClose.Malformed // it was empty
                    : await ReadMessageAsync().ConfigureAwait(false);
                if (close is null)
                    continue;
                Close(close);
                break;
            }

            await Ended.ConfigureAwait(false);
            // A connection that is cut before its client has read why would tell it nothing (RFC 6455 §7.1.1).
            while (socket.State is WebSocketState.CloseSent)
                await DropAsync().ConfigureAwait(false);
        }
        catch (WebSocketException) when (!Ended.IsCompleted && !request.RequestAborted.IsCancellationRequested)
        {
            // Something that is no WebSocket frame, or no text: the stack has answered with 1002 or 1007. The server resets the
            // connection as soon as this returns, so the client gets a moment to read that.
            End();
            await _clock.WaitAsync(Goodbyes, request.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Gone.
        }
        finally
        {
            End();
        }
    }

    public override void Abort()
    {
        End();
        socket.Abort();
    }

    private async ValueTask DropAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ClientMessage.MaxBytes);
        try
        {
            await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override ValueTask SendAsync(EventMessage message) =>
        socket.SendAsync(message.Json, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    protected override async ValueTask SendCloseAsync(EventClose close) =>
        await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, CancellationToken.None).ConfigureAwait(false);

    /// <returns>Null to go on; else why the connection ends.</returns>
    private async ValueTask<EventClose?> ReadMessageAsync()
    {
        // One byte more than a message may have.
        var buffer = ArrayPool<byte>.Shared.Rent(ClientMessage.MaxBytes + 1);
        NoteReading(isWhole: false);
        try
        {
            var length = 0;
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(length, ClientMessage.MaxBytes + 1 - length), CancellationToken.None).ConfigureAwait(false);
                if (received.MessageType is WebSocketMessageType.Close)
                    return Goodbye;
                if (received.MessageType is WebSocketMessageType.Binary)
                    return EventClose.Binary;
                length += received.Count;
                if (IsTooMany(ref _reads, MaxReads))
                    return EventClose.TooMany;
                if (length > ClientMessage.MaxBytes)
                    return EventClose.TooBig;
                if (received.EndOfMessage)
                    return Hear(buffer.AsMemory(0, length));
            }
        }
        finally
        {
            NoteReading(isWhole: true);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool IsTooMany(ref int count, int most)
    {
        var now = _clock.Now;
        if (_clock.IsOver(_windowStart, now, Window))
            (_windowStart, _messages, _reads) = (now, 0, 0);
        return ++count > most;
    }

    private EventClose? Hear(ReadOnlyMemory<byte> text)
    {
        if (IsTooMany(ref _messages, MaxMessages))
            return EventClose.TooMany;

        var message = ClientMessage.Parse(text, model);
        switch (message.Kind)
        {
            case ClientMessageKind.Ping:
                Beat();
                break;
            case ClientMessageKind.Subscribe:
                Narrow(message.Entities!);
                break;
        }

        return message.Close;
    }
}
