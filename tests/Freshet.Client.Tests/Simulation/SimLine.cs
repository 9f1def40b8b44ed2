using System.Buffers.Binary;
using System.Net;

namespace Freshet.Client.Tests.Simulation;

/// <summary>The bytes of one connection for events, from the server to the client. What is pushed is read before it returns.</summary>
internal sealed class SimLine : Stream
{
    private ReadOnlyMemory<byte> _unread;
    private Memory<byte> _into;
    private TaskCompletionSource<int>? _reader;

    /// <summary>Whether the client has given it up, or was told that it has ended.</summary>
    public bool IsClosed { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Says a text message, in one frame (RFC 6455 §5.2).</summary>
    public void Say(ReadOnlySpan<byte> text)
    {
        var frame = new byte[text.Length + 4];
        (frame[0], frame[1]) = (0x81, 126);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)text.Length);
        text.CopyTo(frame.AsSpan(4));
        _unread = frame;
        Hand();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsClosed)
            throw new IOException("cut");
        _into = buffer;
        _reader = new TaskCompletionSource<int>();
        var read = _reader.Task;
        Hand();
        return new ValueTask<int>(read);
    }

    /// <summary>The same as being cut off.</summary>
    protected override void Dispose(bool disposing)
    {
        IsClosed = true;
        Interlocked.Exchange(ref _reader, null)?.SetException(new IOException("cut"));
        base.Dispose(disposing);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    private void Hand()
    {
        if (_unread.IsEmpty || _reader is not { } reader)
            return;
        var count = Math.Min(_unread.Length, _into.Length);
        _unread[..count].CopyTo(_into);
        _unread = _unread[count..];
        _reader = null;
        reader.SetResult(count);
    }
}

/// <summary>Carries a client's connections for events: each try waits until the scheduler decides on it.</summary>
internal sealed class SimCarrier : HttpMessageHandler
{
    private TaskCompletionSource<HttpResponseMessage>? _attempt;

    public bool IsAsked => _attempt is { Task.IsCompleted: false };

    /// <summary>Where the client says that it was.</summary>
    public string Position { get; private set; } = "";

    /// <summary>Takes the client in.</summary>
    public void Accept(SimLine line) => _attempt!.SetResult(
        new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, Content = new LineContent(line) });

    public void Refuse() => _attempt!.SetException(new HttpRequestException("nobody is there"));

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var query = request.RequestUri!.Query;
        Position = query.Length > 0 ? query["?position=".Length..] : "";
        var attempt = _attempt = new TaskCompletionSource<HttpResponseMessage>();
        cancellationToken.Register(() => attempt.TrySetCanceled(cancellationToken));
        return attempt.Task;
    }

    private sealed class LineContent(SimLine line) : HttpContent
    {
        protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => line;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
