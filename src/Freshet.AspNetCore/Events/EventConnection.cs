using System.Collections.Frozen;
using Freshet.Coherence;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// One client that hears events. What it has not been sent yet is no queue but a place in the logs: however slow it is, it
/// costs nothing more, and what waits is merged into one message when it can take it.
/// </summary>
/// <remarks>
/// Thread safety: anybody may call what is public. At most one thread sends (<see cref="OneAtATime"/>).
/// </remarks>
internal abstract class EventConnection(EventClient client, EventChannel channel, EventClock clock)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionPositions _at;
    private SessionPositions _greetedAt;
    private FrozenSet<string>? _entities;
    private EventMessage? _first;
    private volatile EventMessage? _answer;
    private volatile EventClose? _close;
    private volatile bool _isHeartbeatDue;
    private volatile bool _isHeldBack;
    private OneAtATime _sender;
    private long _sendingSince;
    private long _closingSince;
    private long _lastSent;
    private long _readingSince;

    public EventClient Client => client;

    public EventChannel Channel => channel;

    /// <summary>Ends when nothing more will be sent.</summary>
    public Task Ended => _ended.Task;

    /// <summary>When <see cref="CacheEventOptions.MayStay"/> was asked last, as a timestamp.</summary>
    public long CheckedAt { get; set; } = clock.SomeTimeAgo;

    /// <summary>Its place in the channel's list; guarded by the channel.</summary>
    public int Index { get; set; } = -1;

    /// <summary>Whether the client has not taken yet what it is being sent.</summary>
    public bool IsSending => Volatile.Read(ref _sendingSince) != 0;

    private bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Sets what it is sent first, before it can be woken.</summary>
    /// <param name="at">From where on it hears events.</param>
    /// <param name="greetedAt">Where the logs stand now.</param>
    /// <param name="first">What it is sent once it has been told everything up to there.</param>
    public void Start(SessionPositions at, SessionPositions greetedAt, EventMessage first)
    {
        _at = at;
        _greetedAt = greetedAt;
        _first = first;
        _lastSent = clock.Now;
    }

    /// <summary>There may be something to send.</summary>
    public void Wake()
    {
        if (_sender.TryStart())
            Send();
    }

    /// <summary>Only messages that touch one of these types from now on; empty: all.</summary>
    public void Narrow(IReadOnlyCollection<string> entities)
    {
        Volatile.Write(ref _entities, entities.Count == 0 ? null : entities.ToFrozenSet(StringComparer.Ordinal));
        _answer = EventMessage.Subscribed(entities);
        Wake();
    }

    public void Beat()
    {
        _isHeartbeatDue = true;
        Wake();
    }

    /// <summary>Beats when it has been silent for long, and gives up a client that does not read, or does not answer a close.</summary>
    public void Tend(long now)
    {
        var sending = Volatile.Read(ref _sendingSince);
        var closing = Volatile.Read(ref _closingSince);
        var reading = Volatile.Read(ref _readingSince);
        if (reading != 0 && clock.IsOver(reading, now, clock.MessageTimeout))
            Close(EventClose.TooSlow);
        if ((sending != 0 && clock.IsOver(sending, now, clock.SendTimeout)) || (closing != 0 && clock.IsOver(closing, now, clock.CloseTimeout)))
            Abort();
        else if (sending == 0 && clock.IsOver(Volatile.Read(ref _lastSent), now, clock.Silence))
            Beat();
        else if (_isHeldBack)
            Wake();
    }

    /// <summary>Ends it, after the message that is being sent. The first reason stands.</summary>
    public void Close(EventClose close)
    {
        if (Interlocked.CompareExchange(ref _close, close, null) is null)
            Volatile.Write(ref _closingSince, clock.Now);
        Wake();
    }

    /// <summary>Ends it at once, without a word; no harm when it has ended.</summary>
    public abstract void Abort();

    /// <summary>A message of the client has begun to come in, or is whole.</summary>
    protected void NoteReading(bool isWhole) => Volatile.Write(ref _readingSince, isWhole ? 0 : clock.Now);

    /// <summary>Nothing more is sent.</summary>
    protected void End() => _ended.TrySetResult();

    /// <summary>Sends one message; one at a time.</summary>
    protected abstract ValueTask SendAsync(EventMessage message);

    /// <summary>Says good-bye.</summary>
    protected abstract ValueTask SendCloseAsync(EventClose close);

    // Synchronous as long as the transport takes what it is given, so that a broadcast allocates nothing for each receiver.
    private void Send()
    {
        try
        {
            while (!HasEnded)
            {
                if (Next() is { } message)
                {
                    Volatile.Write(ref _sendingSince, clock.Now);
                    var sending = SendAsync(message);
                    if (!sending.IsCompletedSuccessfully)
                    {
                        _ = GoOnAfterAsync(sending);
                        return;
                    }

                    sending.GetAwaiter().GetResult();
                    Sent();
                }
                else if (_close is { } close)
                {
                    _ = CloseAsync(close);
                    return;
                }
                else if (_sender.TryStop())
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task GoOnAfterAsync(ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
            return;
        }

        Sent();
        Send();
    }

    private async Task CloseAsync(EventClose close)
    {
        try
        {
            await SendCloseAsync(close).ConfigureAwait(false);
            clock.Metrics.Closed(close.Code);
            _ended.TrySetResult();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    // One connection's fault is never another's, nor that of whoever woke it.
    private void Fail(Exception fault)
    {
        if (!IsOfTransport(fault) && !(HasEnded && fault is InvalidOperationException)) // a writer that was completed
            clock.Metrics.Faulted(fault);
        Abort();
    }

    private void Sent()
    {
        Volatile.Write(ref _lastSent, clock.Now);
        Volatile.Write(ref _sendingSince, 0);
        clock.Metrics.Sent();
    }

    // What is due, in this order: what was missed, the greeting, answers, what has come, a beat. What comes may never end for a
    // client that takes it slowly, so the greeting does not wait for that.
    private EventMessage? Next()
    {
        if (_close is not null)
            return null;
        // C6: any message tells the client that all is well. While the logs are out of contact nobody knows, and there is none;
        // Tend looks whether contact is back.
        if (!channel.InContact(client.Tenant))
        {
            _isHeldBack = true;
            return null;
        }

        // Who has waited for contact is told all that was missed, another epoch too, before it is greeted.
        if (_first is not null && !_isHeldBack && !_at.IsBefore(_greetedAt))
            return Interlocked.Exchange(ref _first, null);
        if (_first is null && Interlocked.Exchange(ref _answer, null) is { } answer)
            return answer;
        // Until nothing lies ahead: a reading that others share may end before the position that the greeting names.
        while (channel.Read(client.Tenant, _at) is { } reading)
        {
            _at = reading.To;
            if (reading.MessageFor(client.User, Volatile.Read(ref _entities)) is { } events)
                return events;
        }

        _isHeldBack = false;
        if (Interlocked.Exchange(ref _first, null) is { } first)
            return first;
        if (!_isHeartbeatDue)
            return null;
        _isHeartbeatDue = false;
        return EventMessage.Heartbeat;
    }

    // What a transport throws when its client has gone: that it has is all there is to know.
    private static bool IsOfTransport(Exception e) =>
        e is System.Net.WebSockets.WebSocketException or IOException or ObjectDisposedException or OperationCanceledException;
}
