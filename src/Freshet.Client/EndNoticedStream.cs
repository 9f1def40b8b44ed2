namespace Freshet.Client;

/// <summary>Gives word before its reader learns of the end, and when its reader gives up.</summary>
/// <param name="inner">What is read.</param>
/// <param name="length">How many bytes there are: a reader need not look behind the last one. Null when nobody knows.</param>
/// <param name="onEnd">Called at the end, and again afterwards.</param>
internal sealed class EndNoticedStream(Stream inner, long? length, Action onEnd) : Stream
{
    private long _read;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override bool CanTimeout => inner.CanTimeout;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int ReadTimeout
    {
        get => inner.ReadTimeout;
        set => inner.ReadTimeout = value;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var read = -1;
        try
        {
            return read = inner.Read(buffer);
        }
        finally
        {
            Note(read, buffer.Length);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = -1;
        try
        {
            return read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Note(read, buffer.Length);
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            onEnd();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    // Nothing, though something was asked for: the end. Less than nothing: it failed.
    private void Note(int read, int asked)
    {
        _read += read;
        if (read < 0 || (read == 0 && asked > 0) || _read == length)
            onEnd();
    }
}
