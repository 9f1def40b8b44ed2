using System.Threading.Channels;

namespace Freshet.Resp.Tests.Connections;

/// <summary>
/// A connection whose other side the test plays, in memory: each piece that the peer says is one read, and writes wait while the
/// peer does not take them.
/// </summary>
internal sealed class PeerStream : Stream
{
    private readonly Channel<byte[]> _said = Channel.CreateUnbounded<byte[]>();
    private readonly Action<ReadOnlySpan<byte>> _hear;
    private ReadOnlyMemory<byte> _rest;
    private TaskCompletionSource? _hold;
    private volatile bool _isDisposed;

    public PeerStream(Action<ReadOnlySpan<byte>> hear) => _hear = hear;

    public bool IsDisposed => _isDisposed;

    /// <summary>Whether a write is under way that the peer does not take.</summary>
    public TaskCompletionSource IsHeld { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Called when everything that the peer has said is read and handled, and the connection waits for more.</summary>
    public Action? Waiting { get; set; }

    /// <summary>The peer says so.</summary>
    public void Say(byte[] bytes) => _said.Writer.TryWrite(bytes);

    /// <summary>The peer says nothing any more: an end, or a fault of the network.</summary>
    public void Close(Exception? fault = null) => _said.Writer.TryComplete(fault);

    /// <summary>From now on writes do not complete.</summary>
    public void Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>They do again.</summary>
    public void Release()
    {
        var hold = _hold!;
        _hold = null;
        IsHeld = new(TaskCreationOptions.RunContinuationsAsynchronously);
        hold.TrySetResult();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Assert.True(buffer.Length > 0, "A read without room.");
        while (_rest.IsEmpty)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_said.Reader.TryRead(out var next))
            {
                _rest = next;
                continue;
            }

            Waiting?.Invoke();
            if (!await _said.Reader.WaitToReadAsync(cancellationToken))
                return 0;
        }

        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var length = Math.Min(_rest.Length, buffer.Length);
        _rest[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_hold is not { } hold)
        {
            _hear(buffer.Span);
            return ValueTask.CompletedTask;
        }

        IsHeld.TrySetResult();
        return new ValueTask(HeldAsync(hold, buffer));
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        _said.Writer.TryComplete(new ObjectDisposedException(nameof(PeerStream)));
        _hold?.TrySetException(new ObjectDisposedException(nameof(PeerStream)));
        base.Dispose(disposing);
    }

    private async Task HeldAsync(TaskCompletionSource hold, ReadOnlyMemory<byte> buffer)
    {
        await hold.Task;
        _hear(buffer.Span);
    }
}
