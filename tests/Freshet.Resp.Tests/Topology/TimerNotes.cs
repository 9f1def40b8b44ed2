using System.Threading.Channels;
using Freshet.Resp.Tests.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A clock that the test turns, and that tells for how long each new timer is to wait.</summary>
internal sealed class TimerNotes : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>The next timer that was made; it waits already.</summary>
    public async Task<TimeSpan> NextAsync() => await ScriptedPeer.Soon(_timers.Reader.ReadAsync().AsTask());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }
}
