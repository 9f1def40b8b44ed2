using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Client.Tests;

/// <summary>Stands still until a test moves it. A pause between two tries to connect is random; it ends when a test says so.</summary>
internal sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2026, 3, 4, 10, 0, 0, TimeSpan.Zero))
{
    // The client's other timers are the limit of a try, 20 s, and two heartbeats of the tests' servers, the same.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(19);
    private readonly Channel<ITimer> _pauses = Channel.CreateUnbounded<ITimer>();
    private readonly Channel<TimeSpan> _limits = Channel.CreateUnbounded<TimeSpan>();
    private long _adjusted;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime < TimeSpan.Zero || dueTime > LongestPause)
        {
            var limit = base.CreateTimer(callback, state, dueTime, period);
            _limits.Writer.TryWrite(dueTime);
            return limit;
        }

        var pause = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        _pauses.Writer.TryWrite(pause);
        return pause;
    }

    public override long GetTimestamp() => base.GetTimestamp() - Interlocked.Read(ref _adjusted);

    /// <summary>Moves the wall clock alone: the monotonic one stands still, as in the sleep of some machines, and no timer comes due.</summary>
    public void AdjustWallClock(TimeSpan by)
    {
        Interlocked.Add(ref _adjusted, by.Ticks);
        AdjustTime(GetUtcNow() + by);
    }

    /// <summary>Waits for the next pause and ends it: the client tries again.</summary>
    public async Task EndPauseAsync() => (await NextAsync(_pauses)).Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);

    /// <summary>Waits until so many more limits have begun: one of each try to connect, and one of each message.</summary>
    public async Task LimitsAsync(int count)
    {
        while (count-- > 0)
            await NextAsync(_limits);
    }

    private static async Task<T> NextAsync<T>(Channel<T> channel)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await channel.Reader.ReadAsync(limit.Token);
    }
}
