namespace Freshet.Loading;

/// <summary>
/// Bounds how many loads run at once on this node. Who has waited for <c>LoadWait</c> goes ahead without a place: the
/// bound protects the origin, it never becomes an outage. Loads inside loads take no place, so they cannot deadlock.
/// </summary>
internal sealed class OriginGate(int places, TimeSpan wait, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(places, places);
    private long _exhausted;

    /// <summary>How often a load went ahead without a place.</summary>
    public long Exhausted => Volatile.Read(ref _exhausted);

    /// <returns>Whether a place was taken, to be given back by <see cref="Leave"/>.</returns>
    public async ValueTask<bool> EnterAsync(CancellationToken cancel)
    {
        if (_places.Wait(0, CancellationToken.None))
            return true;

        // SemaphoreSlim knows only the system's clock, so the bound on the wait is a token of ours.
        using var bound = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, bound.Token);
        try
        {
            await _places.WaitAsync(either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Interlocked.Increment(ref _exhausted);
            return false;
        }
    }

    public void Leave() => _places.Release();

    public void Dispose() => _places.Dispose();
}
