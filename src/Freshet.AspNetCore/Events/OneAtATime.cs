namespace Freshet.AspNetCore.Events;

/// <summary>
/// Work that anybody may call for and one at a time does: who finds it idle starts; who finds it busy leaves a note, and the
/// worker looks again before it stops. So nothing that was there before a call is missed, and there is no lock.
/// </summary>
internal struct OneAtATime
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int BusyAndNoted = 2;

    private int _state;

    /// <summary>Calls for the work.</summary>
    /// <returns>Whether the caller is the one who has to do it.</returns>
    public bool TryStart()
    {
        // What the caller has left to be found is visible before the state is read: else a worker about to stop could miss it.
        Interlocked.MemoryBarrier();
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state is BusyAndNoted || (state is Busy && Interlocked.CompareExchange(ref _state, BusyAndNoted, Busy) is Busy))
                return false;
            if (state is Idle && Interlocked.CompareExchange(ref _state, Busy, Idle) is Idle)
                return true;
        }
    }

    /// <summary>The worker has found nothing more to do.</summary>
    /// <returns>False when somebody called meanwhile: look again.</returns>
    public bool TryStop()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Busy) is Busy)
            return true;
        Interlocked.Exchange(ref _state, Busy);
        return false;
    }
}
