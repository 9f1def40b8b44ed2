using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>
/// The commands of one connection: those that wait for room, the bytes that wait to be sent, and the line of those that wait for
/// their replies.
/// </summary>
/// <remarks>
/// <para>Order is all that ties a reply to its command. So a command's bytes and its place in line are made under one lock
/// (<c>_gate</c>), and only the read loop takes out of the line, even when the connection ends: two who take would shift it.</para>
/// <para>Who comes when there is no room waits behind all who came before, and is let in by who makes the room: the read loop when
/// half the line is gone, the sender when it takes the bytes.</para>
/// </remarks>
internal sealed class RespLine(RespConnectionSettings settings, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentQueue<RespCall> _line = new();
    private readonly Queue<RespCall> _waiting = new(); // guarded by _gate
    private RespOutput _unsent = new(); // guarded by _gate
    private Exception? _fault; // guarded by _gate
    private long _numbered; // commands put in line so far; guarded by _gate
    private long _handedOver; // those whose bytes the sender took; guarded by _gate
    private bool _isSending; // somebody has promised to take what is unsent; guarded by _gate
    private int _length; // grows only under _gate
    private volatile bool _isAwaited; // somebody waits for room
    private volatile bool _hasEnded;

    /// <summary>How many commands wait for their replies.</summary>
    public int Length => Volatile.Read(ref _length);

    public bool HasEnded => _hasEnded;

    /// <summary>Why it has ended; null while it has not.</summary>
    public Exception? Fault
    {
        get
        {
            lock (_gate)
                return _fault;
        }
    }

    /// <summary>Puts a command in line, or lets it wait for room.</summary>
    /// <param name="command">The command.</param>
    /// <param name="sink">Takes its reply; null: it is awaited.</param>
    /// <param name="kind">What is special about it.</param>
    /// <param name="call">Its place; null when there is none, for who has a sink does not wait.</param>
    /// <returns>Whether the caller must see to it that what is unsent is sent.</returns>
    public bool Put<TCommand>(in TCommand command, IReplySink? sink, CallKind kind, out RespCall? call)
        where TCommand : struct, IRespCommand
    {
        lock (_gate)
        {
            if (_fault is { } fault)
                throw Ended(fault, mayHaveRun: false);
            if (_waiting.Count == 0 && HasRoom_NeedsLock())
            {
                var start = _unsent.Length;
                Write_NeedsLock(command, kind);
                call = RespCall.Rent(sink, kind, time.GetTimestamp());
                Join_NeedsLock(call);
                return TryPromise_NeedsLock();
            }

            call = null;
            if (sink is not null)
                return false;
            call = RespCall.Rent(null, kind, time.GetTimestamp());
            call.Later = command;
            _waiting.Enqueue(call);
            _isAwaited = true;
            // The line may have become short before anybody could see that it is awaited; then nobody else lets it in.
            Interlocked.MemoryBarrier();
            return Length <= settings.MaxInLine / 2 && LetIn_NeedsLock();
        }
    }

    /// <summary>Swaps what is unsent for an empty buffer; false, and the promise to send is kept, when nothing is.</summary>
    public bool TryTake(ref RespOutput empty)
    {
        lock (_gate)
        {
            if (_unsent.Length == 0 || _fault is not null)
                return _isSending = false;
            (_unsent, empty) = (empty, _unsent);
            _handedOver = _numbered;
            LetIn_NeedsLock();
            return true;
        }
    }

    /// <summary>Who is first in line, and stays there.</summary>
    public bool TryPeek([NotNullWhen(true)] out RespCall? call) => _line.TryPeek(out call);

    /// <summary>Takes the first out of the line. Only for the read loop.</summary>
    public bool TryDequeue([NotNullWhen(true)] out RespCall? call)
    {
        if (!_line.TryDequeue(out call))
            return false;
        Interlocked.Decrement(ref _length);
        return true;
    }

    /// <summary>Lets in who waits, when replies have made room.</summary>
    /// <returns>Whether the caller must see to it that what is unsent is sent.</returns>
    public bool LetIn()
    {
        if (!_isAwaited || Length > settings.MaxInLine / 2)
            return false;
        lock (_gate)
            return LetIn_NeedsLock();
    }

    /// <summary>Ends it: nobody joins any more, and who waits for room fails.</summary>
    /// <returns>False when it has ended before.</returns>
    public bool TryEnd(Exception fault)
    {
        lock (_gate)
        {
            if (_fault is not null)
                return false;
            _fault = fault;
            _hasEnded = true;
            while (_waiting.TryDequeue(out var call))
                call.Fail(Ended(fault, mayHaveRun: false));
            return true;
        }
    }

    /// <summary>Fails all who are in line. Only for the read loop, when it reads no more.</summary>
    public void FailAll()
    {
        long handedOver;
        Exception fault;
        lock (_gate)
            (handedOver, fault) = (_handedOver, _fault!);
        while (TryDequeue(out var call))
            call.Fail(Ended(fault, mayHaveRun: call.Number <= handedOver));
    }

    /// <summary>Fails who is late: in line they keep their places.</summary>
    /// <returns>For how long the first in line has waited.</returns>
    public TimeSpan FailLate()
    {
        var now = time.GetTimestamp();
        if (_isAwaited)
            FailLateWaiting(now);
        // Replies come in order: when the first in line is not late, nobody is.
        var first = _line.TryPeek(out var call) ? time.GetElapsedTime(call.Since, now) : TimeSpan.Zero;
        if (first <= settings.CommandTimeout)
            return first;
        foreach (var late in _line)
        {
            var use = late.Use; // before Since: of one that is used again meanwhile, this use is over
            if (time.GetElapsedTime(late.Since, now) <= settings.CommandTimeout)
                break;
            if ((use & 1) == 0)
                late.TryFail(use, new RespTimeoutException(settings.CommandTimeout));
        }

        return first;
    }

    private void FailLateWaiting(long now)
    {
        lock (_gate)
        {
            while (_waiting.TryPeek(out var call) && time.GetElapsedTime(call.Since, now) > settings.CommandTimeout)
            {
                _waiting.Dequeue();
                call.Fail(Full());
            }
        }
    }

    /// <summary>What to tell who finds no room.</summary>
    public static RespConnectionException Full() => new("Too many commands wait for their replies.", mayHaveRun: false);

    private static RespConnectionException Ended(Exception fault, bool mayHaveRun) =>
        new($"The connection has ended: {fault.Message}", mayHaveRun, fault);

    private bool HasRoom_NeedsLock() => Length < settings.MaxInLine && _unsent.Length < settings.MaxUnsentBytes;

    private bool LetIn_NeedsLock()
    {
        while (HasRoom_NeedsLock() && _waiting.TryDequeue(out var call))
        {
            try
            {
                if (!call.IsDecided)
                {
                    Write_NeedsLock(call.Later!, new CallKind(call.Change, call.IsAsking));
                    call.Since = time.GetTimestamp();
                    Join_NeedsLock(call);
                    continue;
                }

                call.Fail(Full()); // it has left: nobody hears this
            }
            catch (Exception e)
            {
                call.Fail(e);
            }
        }

        _isAwaited = _waiting.Count > 0;
        return TryPromise_NeedsLock();
    }

    private bool TryPromise_NeedsLock()
    {
        if (_isSending || _unsent.Length == 0)
            return false;
        return _isSending = true;
    }

    // All of it, or nothing.
    private void Write_NeedsLock<TCommand>(in TCommand command, CallKind kind)
        where TCommand : IRespCommand
    {
        var start = _unsent.Length;
        try
        {
            if (kind.IsAsking)
                WriteOne_NeedsLock("ASKING"u8);
            var first = _unsent.Length;
            var writer = new RespWriter(_unsent);
            command.Write(ref writer);
            writer.End();
            if (kind.Change is null)
                OneReply.Require(_unsent.Written.Span[first..]);
            else if (kind.Change.IsAmbiguous)
                WriteOne_NeedsLock("HELLO"u8);
        }
        catch
        {
            _unsent.CutTo(start);
            throw;
        }
    }

    private void WriteOne_NeedsLock(ReadOnlySpan<byte> word)
    {
        var writer = new RespWriter(_unsent);
        writer.Begin(1);
        writer.Add(word);
        writer.End();
    }

    private void Join_NeedsLock(RespCall call)
    {
        if (call.IsAsking)
            Enqueue_NeedsLock(RespCall.Rent(Nobody.Instance, default, call.Since));
        Enqueue_NeedsLock(call);
        if (call.Change is { IsAmbiguous: true })
            Enqueue_NeedsLock(RespCall.Rent(Nobody.Instance, default, call.Since));
    }

    private void Enqueue_NeedsLock(RespCall call)
    {
        call.Number = ++_numbered;
        Interlocked.Increment(ref _length);
        _line.Enqueue(call);
    }

    /// <summary>Who asks only for the order, and has no use for the reply.</summary>
    private sealed class Nobody : IReplySink
    {
        public static Nobody Instance { get; } = new();

        public void OnReply(RespReader reply)
        {
        }

        public void OnFailed(Exception fault)
        {
        }
    }
}
