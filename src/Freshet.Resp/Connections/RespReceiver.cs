using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>Hears pushes inside the read loop, in order with the replies around them. It must be quick and not throw.</summary>
internal interface IPushSink
{
    /// <param name="push">The push, good for the length of the call.</param>
    void OnPush(RespReader push);
}

/// <summary>
/// The read loop of one connection: it finds the frames in what comes, and gives each to whom it belongs, in order. Nothing outside
/// runs on it but sinks, which are made for it.
/// </summary>
internal sealed class RespReceiver(Stream stream, RespLine line, RespSender sender, IPushSink? pushes, RespLimits limits, TimeProvider time)
{
    private const int BufferBytes = 64 << 10;
    private const int LargeBytes = 1 << 20;
    private const int HardlyAny = 1024;

    private long _lastHeard = time.GetTimestamp();

    /// <summary>When the server was last heard, as a timestamp.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    /// <summary>Whether it ever was.</summary>
    public bool HasHeard { get; private set; }

    /// <summary>Receives until it cannot go on; it ends by an exception, which says why, or because the connection has ended.</summary>
    public async Task ReceiveAsync()
    {
        var buffer = RespBuffer.Rent(BufferBytes);
        try
        {
            var scanner = new RespScanner(limits);
            var (start, end) = (0, 0);
            while (!line.HasEnded)
            {
                var read = await stream.ReadAsync(buffer.Memory[end..], CancellationToken.None).ConfigureAwait(false);
                if (read == 0)
                    throw new IOException("The server closed the connection.");
                HasHeard = true;
                Volatile.Write(ref _lastHeard, time.GetTimestamp());
                end += read;

                var needed = 0;
                while (start < end && !line.HasEnded && scanner.TryScan(buffer.Memory.Span[start..end], out needed))
                {
                    Dispatch(buffer, start, needed);
                    start += needed;
                    needed = 0;
                }

                if (line.LetIn())
                    sender.Send(inline: false);
                (buffer, start, end) = MakeRoom(buffer, start, end, needed);
            }
        }
        finally
        {
            buffer.Release();
        }
    }

    // What is left of a frame moves on when its end does not fit, or when there is hardly any room: at most one frame a buffer.
    private static (RespBuffer Buffer, int Start, int End) MakeRoom(RespBuffer buffer, int start, int end, int needed)
    {
        var rest = end - start;
        if (rest == 0 && buffer.TryRefill())
            return (buffer, 0, 0);
        if (start + needed <= buffer.Capacity && buffer.Capacity - end >= HardlyAny)
            return (buffer, start, end);

        // What a length claims is believed up to a megabyte; beyond, only as fast as the bytes come in. And always twice what there
        // is, so that a frame of many small pieces is not moved for each of them.
        var larger = RespBuffer.Rent(Math.Max(BufferBytes, Math.Max(2 * rest, Math.Min(needed, LargeBytes))));
        buffer.Memory.Span[start..end].CopyTo(larger.Memory.Span);
        buffer.Release();
        return (larger, 0, rest);
    }

    private void Dispatch(RespBuffer buffer, int start, int length)
    {
        var frame = buffer.Memory.Span.Slice(start, length);
        var reader = new RespReader(frame);
        reader.Read(); // past attributes, which may stand ahead of a push as well
        if (reader.Kind is RespKind.Push)
        {
            OnPush(buffer, start, length);
            return;
        }

        // Of one that a push has confirmed there is only an error to come; anything else is the reply to what stands behind it.
        if (!reader.IsError && line.TryPeek(out var first) && first.IsConfirmed && line.TryDequeue(out first))
            first.Leave();
        if (!line.TryDequeue(out var call))
            throw new RespProtocolException("The server sent a reply that nobody asked for.");
        if (reader.IsError)
            call.Fail(RespServerException.Of(reader.Bytes));
        else if (call.Change is null)
            call.Complete(buffer, start, length);
        else
            throw Unconfirmed(call);
    }

    private void OnPush(RespBuffer buffer, int start, int length)
    {
        var frame = buffer.Memory.Span.Slice(start, length);
        pushes?.OnPush(new RespReader(frame));
        // In order: everything that was asked before has been answered before.
        if (!line.TryPeek(out var first) || first.Change is not { } change || !change.IsConfirmedBy(new RespReader(frame)))
            return;
        if (change.IsAmbiguous)
            first.Confirm(buffer, start, length);
        else if (line.TryDequeue(out first))
            first.Complete(buffer, start, length);
    }

    private static RespProtocolException Unconfirmed(RespCall call)
    {
        var fault = new RespProtocolException("The server sent a reply where a subscription is confirmed by a push.");
        call.Fail(fault);
        return fault;
    }
}
