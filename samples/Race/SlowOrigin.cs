namespace Race;

/// <summary>
/// One value and its slow load. A load reads first and is slow afterwards, as a query is that was sent before somebody else
/// committed; how slow is up to the race, which holds the load by a signal.
/// </summary>
internal sealed class SlowOrigin
{
    private int _value;
    private int _loads;
    private HeldLoad? _next;

    public int Value => Volatile.Read(ref _value);

    public int Loads => Volatile.Read(ref _loads);

    public void Write(int value) => Volatile.Write(ref _value, value);

    public async Task<int> LoadAsync()
    {
        Interlocked.Increment(ref _loads);
        var read = Value;
        if (Interlocked.Exchange(ref _next, null) is { } held) await held.WaitAsync();
        return read;
    }

    /// <summary>The next load, and only that one, stays between reading and returning until it is released.</summary>
    public HeldLoad HoldNextLoad()
    {
        var held = new HeldLoad();
        Volatile.Write(ref _next, held);
        return held;
    }
}

/// <summary>A load that has read and not yet returned.</summary>
internal sealed class HeldLoad
{
    private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the load has read its value.</summary>
    public Task HasRead => _reading.Task;

    public void Release() => _released.TrySetResult();

    public Task WaitAsync()
    {
        _reading.TrySetResult();
        return _released.Task;
    }
}
