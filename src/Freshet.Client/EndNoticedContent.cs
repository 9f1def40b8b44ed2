using System.Net;

namespace Freshet.Client;

/// <summary>
/// The body of an answer whose head could not tell all that its request writes (C9): whoever reads it to its end, or gives it up, gives
/// word before that is known. Such an answer ends only once what it has written shows.
/// </summary>
internal sealed class EndNoticedContent : HttpContent
{
    private readonly HttpContent _inner;
    private Action? _onEnd;

    /// <param name="inner">The body as the server sends it.</param>
    /// <param name="onEnd">Called once, at the end, whatever it is.</param>
    public EndNoticedContent(HttpContent inner, Action onEnd)
    {
        (_inner, _onEnd) = (inner, onEnd);
        foreach (var (name, values) in inner.Headers.NonValidated)
            Headers.TryAddWithoutValidation(name, values);
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        await SerializeToStreamAsync(stream, context, CancellationToken.None).ConfigureAwait(false);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            await _inner.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            End();
        }
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            _inner.CopyTo(stream, context, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() =>
        new EndNoticedStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), Headers.ContentLength, End);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new EndNoticedStream(await _inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), Headers.ContentLength, End);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) =>
        new EndNoticedStream(_inner.ReadAsStream(cancellationToken), Headers.ContentLength, End);

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    private void End() => Interlocked.Exchange(ref _onEnd, null)?.Invoke();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
