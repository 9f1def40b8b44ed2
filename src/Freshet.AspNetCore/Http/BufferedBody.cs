using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Freshet.AspNetCore.Http;

/// <summary>Where a body goes once it is no longer held back.</summary>
/// <param name="why">Why it is not: streamed, or too large.</param>
/// <param name="cancel">The caller's token.</param>
/// <returns>The stream that takes it, its head already decided.</returns>
internal delegate ValueTask<Stream> PassOn(CacheReason why, CancellationToken cancel);

/// <summary>
/// Holds the body of an answer back until its handler has ended, so that it can be stored, tagged and answered
/// conditionally. A body that streams or grows too large is passed on instead, from its first byte.
/// </summary>
/// <remarks>
/// Serializers flush as a matter of course, so a flush alone is no sign of streaming. It is one when the handler has not
/// ended some time after its first flush, when it asks for buffering to be switched off, or sends server-sent events.
/// Operations of the handler and the timer take turns at one gate.
/// </remarks>
[SuppressMessage("Usage", "CA2213", Justification = "A semaphore without a wait handle holds nothing; disposing it would race with the timer.")]
internal sealed class BufferedBody : Stream, IHttpResponseBodyFeature
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly int _limit;
    private readonly Func<bool> _streamsByNature;
    private readonly PassOn _passOn;
    private readonly TimeProvider _time;
    private readonly TimeSpan _streamingAfter;
    private ITimer? _timer;
    private PipeWriter? _writer;
    private Stream? _destination;
    private bool _isEnded;

    /// <param name="limit">The most bytes to hold back.</param>
    /// <param name="streamsByNature">Whether the head says that the answer streams; asked at each flush.</param>
    /// <param name="passOn">Called at most once.</param>
    /// <param name="time">The clock.</param>
    /// <param name="streamingAfter">How long after its first flush a handler counts as streaming.</param>
    public BufferedBody(int limit, Func<bool> streamsByNature, PassOn passOn, TimeProvider time, TimeSpan streamingAfter)
    {
        _limit = limit;
        _streamsByNature = streamsByNature;
        _passOn = passOn;
        _time = time;
        _streamingAfter = streamingAfter;
    }

    /// <summary>Whether the body was passed on: there is nothing to store.</summary>
    public bool IsPassedOn => _destination is not null;

    /// <summary>Whether the handler has asked for its head to be sent.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Called once, before the first byte is passed on or the body ends.</summary>
    public Func<Task>? OnStarting { get; init; }

    public ReadOnlySpan<byte> Held => _buffer.WrittenSpan;

    public Stream Stream => this;

    public PipeWriter Writer => _writer ??= PipeWriter.Create(this, new StreamPipeWriterOptions(leaveOpen: true));

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Whoever asks for this streams: server-sent events and long polls do.
    public void DisableBuffering()
    {
        _gate.Wait();
        try
        {
            if (_destination is null && !_isEnded)
                PassAsync(CacheReason.Streamed, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }
        finally
        {
            _gate.Release();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken = default) => FlushAsync(cancellationToken);

    public Task CompleteAsync() => EndAsync();

    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        await Writer.FlushAsync(cancellationToken);
        var options = new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan };
        await using var file = new FileStream(path, options);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, file.Length);
        file.Seek(offset, SeekOrigin.Begin);
        var chunk = new byte[16 * 1024];
        for (var left = count ?? file.Length - offset; left > 0;)
        {
            var read = await file.ReadAsync(chunk.AsMemory(0, (int)Math.Min(left, chunk.Length)), cancellationToken);
            if (read == 0)
                throw new EndOfStreamException($"The file '{path}' ended before its part that was to be sent.");
            await WriteAsync(chunk.AsMemory(0, read), cancellationToken);
            left -= read;
        }
    }

    /// <summary>The handler has ended: what it has not flushed is flushed, and nothing is passed on any more that was not.</summary>
    public async Task EndAsync()
    {
        if (_writer is not null)
            await _writer.FlushAsync();
        await _gate.WaitAsync();
        try
        {
            if (_isEnded)
                return;
            if (_destination is { } destination)
                await destination.FlushAsync();
            else if (OnStarting is not null && !IsStarted)
                await OnStarting();
            IsStarted = true;
            _isEnded = true;
        }
        finally
        {
            _gate.Release();
            if (_timer is not null)
                await _timer.DisposeAsync();
        }
    }

    /// <summary>Forgets what is held back, for another answer in its place.</summary>
    public void Discard() => _buffer.ResetWrittenCount();

    public override void Flush()
    {
        _gate.Wait();
        try
        {
            if (_destination is { } destination)
                destination.Flush();
            else
                NoteFlush();
        }
        finally
        {
            _gate.Release();
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_destination is null && !_isEnded && _streamsByNature())
                await PassAsync(CacheReason.Streamed, cancellationToken);
            if (_destination is { } destination)
                await destination.FlushAsync(cancellationToken);
            else
                NoteFlush();
        }
        finally
        {
            _gate.Release();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _gate.Wait();
        try
        {
            if (_destination is null && _buffer.WrittenCount + buffer.Length > _limit)
                PassAsync(CacheReason.TooLarge, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (_destination is { } destination)
                destination.Write(buffer);
            else
                _buffer.Write(buffer);
        }
        finally
        {
            _gate.Release();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_destination is null && _buffer.WrittenCount + buffer.Length > _limit)
                await PassAsync(CacheReason.TooLarge, cancellationToken);
            if (_destination is { } destination)
                await destination.WriteAsync(buffer, cancellationToken);
            else
                _buffer.Write(buffer.Span);
        }
        finally
        {
            _gate.Release();
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _gate.Wait();
            End();
            _timer?.Dispose();
        }

        base.Dispose(disposing);
    }

    // A callback under way holds the gate, and is writing the answer: it is waited for. A later one finds that all is over.
    public override async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        End();
        await base.DisposeAsync();
    }

    private void End()
    {
        _isEnded = true;
        _gate.Release();
    }

    private void NoteFlush()
    {
        if (!_isEnded)
            _timer ??= _time.CreateTimer(static body => _ = ((BufferedBody)body!).PassStreamAsync(), this, _streamingAfter, Timeout.InfiniteTimeSpan);
    }

    // Runs on the timer. Its failure is the client's: the handler meets it at its next write.
    private async Task PassStreamAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_destination is not null || _isEnded)
                return;
            await PassAsync(CacheReason.Streamed, CancellationToken.None);
            await _destination!.FlushAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            _destination ??= Null;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask PassAsync(CacheReason why, CancellationToken cancel)
    {
        if (OnStarting is not null && !IsStarted)
            await OnStarting();
        IsStarted = true;
        _destination = await _passOn(why, cancel);
        if (_buffer.WrittenCount > 0)
            await _destination.WriteAsync(_buffer.WrittenMemory, cancel);
        _buffer.Clear();
    }
}
