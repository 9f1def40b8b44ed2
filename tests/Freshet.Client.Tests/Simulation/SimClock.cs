namespace Freshet.Client.Tests.Simulation;

/// <summary>A client's clock. Limits come due when time passes; the pauses between two tries to connect end when the scheduler says so.</summary>
internal sealed class SimClock : TimeProvider
{
    private readonly List<Timer> _limits = [];
    private readonly List<Timer> _pauses = [];
    private long _monotonic;
    private DateTimeOffset _wall = new(2026, 3, 4, 10, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _monotonic;

    public override DateTimeOffset GetUtcNow() => _wall;

    // A pause is random by the system's generator: its length decides nothing here, so that a seed gives one run.
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state), state is CancellationTokenSource ? _limits : _pauses);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        _monotonic += by.Ticks;
        _wall += by;
        foreach (var due in _limits.Where(t => t.DueAt <= _monotonic).ToArray())
            due.Fire();
    }

    /// <summary>The machine sleeps: the monotonic clock stands still, and no timer comes due.</summary>
    public void Sleep(TimeSpan by) => _wall += by;

    public void EndPause()
    {
        if (_pauses.Count > 0)
            _pauses[0].Fire();
    }

    private sealed class Timer(SimClock clock, Action callback, List<Timer> list) : ITimer
    {
        public long DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            list.Remove(this);
            if (dueTime < TimeSpan.Zero)
                return true;
            DueAt = clock._monotonic + dueTime.Ticks;
            list.Add(this);
            return true;
        }

        public void Fire()
        {
            if (list.Remove(this))
                callback();
        }

        public void Dispose() => list.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
