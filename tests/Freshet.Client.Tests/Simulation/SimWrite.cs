using System.IO.Pipelines;
using System.Net;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>
/// A write: it commits, is logged (C8), and is acknowledged (C9); its client may be told of none of it. It may be a GET, it may be
/// reported pending, and some of it may be written behind the head of its answer.
/// </summary>
internal sealed class SimWrite : SimJob
{
    private readonly TaskCompletionSource<HttpResponseMessage> _answer = new();
    private readonly Pipe _body = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly bool _isGet;
    private readonly int _pendingLog = -1;
    private readonly int _early; // so many rows are written before the head
    private readonly int[] _rows;
    private readonly bool _isEverything;
    private readonly SessionPositions _carried;
    private readonly int _failsAt;
    private readonly bool _failsByGateway;
    private Func<bool> _next;
    private SimNode _node = null!;
    private SessionPositions _written;
    private int _steps;
    private int _log;
    private bool _isBehindTheHead;
    private bool _hasEnded;

    public SimWrite(SimWorld world, HttpRequestMessage request)
        : base(world)
    {
        var rows = request.RequestUri!.AbsolutePath["/write/".Length..];
        _isEverything = rows == "all";
        _rows = _isEverything ? [0, 1, 2, 3] : [.. rows.Select(r => r - '0')];
        _carried = request.Headers.TryGetValues("Freshet-Position", out var position) ? SimWords.ReadToken(position.Single()) : default;
        _failsAt = world.Random.Below(4) == 0 ? world.Random.Below(6) : int.MaxValue;
        _failsByGateway = world.Random.Below(2) == 0;
        _next = Arrive;
        _isGet = request.Method == HttpMethod.Get;
        _early = _rows.Length;
        if (_isEverything)
            return;
        var form = world.Random.Below(5);
        if (form == 0 && !_isGet)
            _early = world.Random.Below(_rows.Length);
        else if (form == 1)
            _pendingLog = SimWords.LogOf(_rows[0]);
    }

    public Task<HttpResponseMessage> Answered => _answer.Task;

    /// <summary>What it wrote; empty before it committed.</summary>
    public (int Row, int Version)[] Written { get; private set; } = [];

    /// <summary>Of that, what was reported pending.</summary>
    public IEnumerable<(int Row, int Version)> Pending => Written.Where(w => SimWords.LogOf(w.Row) == _pendingLog);

    /// <summary>Whether its client was left without an answer.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>What its client shows from now on although nobody acknowledged it: it is logged, and all nodes know. Who asks with
    /// GET does not expect that something was written.</summary>
    public IEnumerable<(int Row, int Version)> KnownEverywhere =>
        Written.Where(w => !_isGet && World.Server.Nodes.All(n => n.Known[w.Row] >= w.Version));

    public override void Restart()
    {
        if (_next == Arrive || _next == Deliver || _next == LogPending)
            return;
        Fail();
        _next = static () => true;
    }

    protected override bool Next()
    {
        if (_steps++ == _failsAt)
            Fail();
        return _next();
    }

    private void Fail()
    {
        if (_answer.Task.IsCompleted && (!_isBehindTheHead || _hasEnded))
            return;
        HasFailed = true;
        if (_isBehindTheHead)
        {
            _hasEnded = true;
            World.Count(SimEvent.AnswerCutOff);
            _body.Writer.Complete(new IOException("cut"));
            return;
        }

        World.Count(Written.Length > 0 ? SimEvent.UnansweredAfterItsCommit : SimEvent.UnansweredBeforeItsCommit);
        if (World.Rules.AnswerInsteadOfNone is { } answer)
            _answer.SetResult(answer);
        else if (_failsByGateway)
            _answer.SetResult(new HttpResponseMessage(HttpStatusCode.BadGateway));
        else
            _answer.SetException(new HttpRequestException("lost"));
    }

    private bool Arrive()
    {
        _node = AnyNode();
        _next = _early > 0 ? Commit : Deliver;
        return _failsAt == 0; // it never came there
    }

    private bool Commit()
    {
        var rows = _isBehindTheHead ? _rows[_early..] : _rows[.._early];
        Written = [.. Written, .. rows.Select(r => (r, ++World.Server.Committed[r]))];
        (_log, _next) = (0, Append);
        return false;
    }

    private bool Append()
    {
        var rows = Written[(_isBehindTheHead ? _early : 0)..].Where(w => SimWords.LogOf(w.Row) == _log).ToArray();
        var groups = _isEverything ? SimWords.Everything : SimWords.TouchOf(rows.Select(r => r.Row));
        if (rows.Length > 0 && _log == _pendingLog)
            _node.Touch(groups); // C14: here it counts at once
        else if (rows.Length > 0)
            _written = _written.With(_log, World.Server.Append(_node, _log, new SimRecord(groups, rows)));
        if (_log++ == 1)
            _next = _isBehindTheHead ? Show : Deliver;
        return false;
    }

    // C9: what the head has not told is waited for.
    private bool Show()
    {
        if (_hasEnded)
            return true;
        if (World.Server.Nodes.Any(n => Written.Any(w => n.Known[w.Row] < w.Version)))
            return false;
        World.Count(SimEvent.WrittenBehindTheHead);
        _hasEnded = true;
        _body.Writer.Complete();
        return true;
    }

    private bool LogPending()
    {
        var rows = Pending.ToArray();
        World.Server.Append(_node, _pendingLog, new SimRecord(SimWords.TouchOf(rows.Select(r => r.Row)), rows));
        return true;
    }

    private bool Deliver()
    {
        if (_answer.Task.IsCompleted)
            return true;
        if (_written is { Own: not null, Public: not null })
            World.Count(SimEvent.AcknowledgedInTwoLogs);
        var isEarly = _early < _rows.Length;
        World.Count(_isEverything ? SimEvent.EverythingTouched : _pendingLog >= 0 ? SimEvent.AcknowledgedPending : _isGet ? SimEvent.WrittenByAGet : SimEvent.Acknowledged);
        var answer = new HttpResponseMessage(isEarly || _isGet ? HttpStatusCode.OK : HttpStatusCode.NoContent);
        var groups = _isEverything || isEarly ? SimWords.Everything : SimWords.TouchOf(_rows);
        if (World.Rules.NamesWhatWasWritten && (!_isGet || World.Rules.NamesWhatAGetHasWritten))
            answer.Headers.Add("Cache-Group-Invalidation", string.Join(", ", groups.Select(g => $"\"{g}\"")));
        if (_pendingLog >= 0 && World.Rules.SaysPending)
            answer.Headers.Add("Freshet-Pending", "?1");
        if (_carried.Then(_written) is { IsEmpty: false } position)
            answer.Headers.Add("Freshet-Position", SimWords.Token(position, World.Rules));
        if (isEarly)
        {
            answer.Content = new StreamContent(_body.Reader.AsStream());
            (_isBehindTheHead, _next) = (true, Commit);
        }
        else if (_pendingLog >= 0)
        {
            _next = LogPending;
        }

        _answer.SetResult(answer);
        return !isEarly && _pendingLog < 0;
    }
}
