using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>Takes a reply inside the read loop, before anything that came after it is looked at. It must be quick and not throw.</summary>
internal interface IReplySink
{
    /// <param name="reply">The reply, good for the length of the call.</param>
    void OnReply(RespReader reply);

    /// <summary>There will be no reply.</summary>
    void OnFailed(Exception fault);
}

/// <summary>
/// One command's place in the line of those that wait for replies. Whoever sent it may leave (cancellation, timeout); its place
/// stays until its reply has come, and so no reply ever goes to another one (the class of CVE-2023-28858).
/// </summary>
/// <remarks>
/// Pooled. It has two holders, the line and the sender, and goes back to the pool when both have let go of it, each once; the
/// outcome belongs to who claims it first. A claim names the use it is meant for, because a timer may still hold a call that has
/// been used again.
/// </remarks>
internal sealed class RespCall : IValueTaskSource<RespReply>, IThreadPoolWorkItem
{
    private const int TheLine = 1;
    private const int TheSender = 2;

    private static readonly ConcurrentQueue<RespCall> Pool = new();
    private static readonly Action<object?, CancellationToken> Cancel = static (call, token) => ((RespCall)call!).TryFail(((RespCall)call).Use, new OperationCanceledException(token));

    private ManualResetValueTaskSourceCore<RespReply> _core;
    private CancellationTokenRegistration _cancellation;
    private IReplySink? _sink;
    private RespReply _reply;
    private Exception? _error;
    private long _since;
    private int _holders;
    private long _use = 1; // even while the outcome is open; odd once it is claimed, and in the pool

    /// <summary>Which use of the object this is, for <see cref="TryFail"/>; odd when its outcome is claimed.</summary>
    public long Use => Volatile.Read(ref _use);

    public bool IsDecided => (Use & 1) != 0;

    /// <summary>Its number among the commands of the connection.</summary>
    public long Number { get; set; }

    /// <summary>When it began to wait, for what it waits for now; as a timestamp.</summary>
    public long Since
    {
        get => Volatile.Read(ref _since);
        set => Volatile.Write(ref _since, value);
    }

    /// <summary>What it asks for, when a push will answer it.</summary>
    public ChannelChange? Change { get; private set; }

    /// <summary>What it will send when there is room.</summary>
    public IRespCommand? Later { get; set; }

    /// <summary>Whether ASKING goes ahead of it.</summary>
    public bool IsAsking { get; private set; }

    /// <summary>Whether a push seems to have answered it, and it stays in line for what the server may still say. Only for the read loop.</summary>
    public bool IsConfirmed { get; private set; }

    public ValueTask<RespReply> Reply => new(this, _core.Version);

    /// <param name="sink">Takes the reply; null: the sender awaits it.</param>
    /// <param name="kind">What is special about it.</param>
    /// <param name="since">When it began to wait.</param>
    public static RespCall Rent(IReplySink? sink, CallKind kind, long since)
    {
        if (!Pool.TryDequeue(out var call))
            call = new RespCall();
        (call._sink, call.Change, call.IsAsking, call._since) = (sink, kind.Change, kind.IsAsking, since);
        call._holders = sink is null ? TheLine | TheSender : TheLine;
        // Last: from here on a claim may succeed, and who claims has read the rest before.
        Volatile.Write(ref call._use, call._use + 1);
        return call;
    }

    /// <summary>From now on the sender leaves when this is cancelled.</summary>
    public void LeaveWhen(CancellationToken cancel)
    {
        if (cancel.CanBeCanceled)
            _cancellation = cancel.UnsafeRegister(Cancel, this);
    }

    /// <summary>The reply has come, and the place in the line is given up. Takes one share of the buffer when it keeps the reply.</summary>
    public void Complete(RespBuffer buffer, int start, int length)
    {
        Answer(buffer, start, length);
        LetGo(TheLine);
    }

    /// <summary>A push seems to answer it; its place in the line stays.</summary>
    public void Confirm(RespBuffer buffer, int start, int length)
    {
        IsConfirmed = true;
        Answer(buffer, start, length);
    }

    /// <summary>Nothing more comes for one that was confirmed.</summary>
    public void Leave() => LetGo(TheLine);

    private void Answer(RespBuffer buffer, int start, int length)
    {
        if (TryClaim(Use))
        {
            if (_sink is { } sink)
                sink.OnReply(new RespReader(buffer.Memory.Span.Slice(start, length)));
            else
                Decide(buffer.Share(start, length), null);
        }
    }

    /// <summary>No reply will come, and the place in the line is given up.</summary>
    public void Fail(Exception error)
    {
        TryFail(Use, error);
        LetGo(TheLine);
    }

    /// <summary>The sender leaves; its place in the line stays.</summary>
    /// <param name="use">Which use of the object is meant.</param>
    /// <param name="error">Why.</param>
    public void TryFail(long use, Exception error)
    {
        // Before the claim: after it, the read loop may let go of a call that only the line holds, and it is used again.
        var sink = _sink;
        if (!TryClaim(use))
            return;
        if (sink is not null)
            sink.OnFailed(error);
        else
            Decide(default, error);
    }

    RespReply IValueTaskSource<RespReply>.GetResult(short token)
    {
        if (_core.GetStatus(token) is ValueTaskSourceStatus.Pending)
            throw new InvalidOperationException("The reply has not come; it is to be awaited.");
        // First, so that no cancellation reaches a call that is used again.
        _cancellation.Dispose();
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            LetGo(TheSender);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<RespReply>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<RespReply>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    void IThreadPoolWorkItem.Execute()
    {
        if (_error is { } error)
            _core.SetException(error);
        else
            _core.SetResult(_reply);
    }

    private bool TryClaim(long use) => (use & 1) == 0 && Interlocked.CompareExchange(ref _use, use | 1, use) == use;

    // On the pool: whatever the sender does next must not hold up the read loop.
    private void Decide(RespReply reply, Exception? error)
    {
        (_reply, _error) = (reply, error);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void LetGo(int holder)
    {
        var before = Interlocked.And(ref _holders, ~holder);
        if (before == holder)
            Recycle();
        else if ((before & holder) == 0)
            throw new InvalidOperationException("A reply was awaited twice."); // its place may be in line still: nobody else may have it
    }

    private void Recycle()
    {
        _core.Reset();
        (_reply, _error, _sink, _cancellation, Change, Later, IsConfirmed) = (default, null, null, default, null, null, false);
        Pool.Enqueue(this);
    }
}

/// <summary>What is special about a command.</summary>
/// <param name="Change">It is answered by a push.</param>
/// <param name="IsAsking">ASKING goes ahead of it.</param>
internal readonly record struct CallKind(ChannelChange? Change = null, bool IsAsking = false);
