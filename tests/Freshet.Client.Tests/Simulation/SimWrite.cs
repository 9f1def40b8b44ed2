using System.Net;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>A write: it commits, is logged (C8), and is acknowledged (C9); its client may be told of none of it.</summary>
internal sealed class SimWrite : SimJob
{
    private readonly TaskCompletionSource<HttpResponseMessage> _answer = new();
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
    }

    public Task<HttpResponseMessage> Answered => _answer.Task;

    /// <summary>What it wrote; empty before it committed.</summary>
    public (int Row, int Version)[] Written { get; private set; } = [];

    /// <summary>Whether its client was left without an answer.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>What its client shows from now on although nobody acknowledged it: it is logged, and all nodes know.</summary>
    public IEnumerable<(int Row, int Version)> KnownEverywhere =>
        Written.Where(w => World.Server.Nodes.All(n => n.Known[w.Row] >= w.Version));

    public override void Restart()
    {
        if (_next == Arrive || _next == Deliver)
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
        if (_answer.Task.IsCompleted)
            return;
        HasFailed = true;
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
        _next = Commit;
        return _failsAt == 0; // it never came there
    }

    private bool Commit()
    {
        Written = [.. _rows.Select(r => (r, ++World.Server.Committed[r]))];
        _next = Append;
        return false;
    }

    private bool Append()
    {
        var rows = Written.Where(w => SimWords.LogOf(w.Row) == _log).ToArray();
        if (rows.Length > 0)
        {
            var groups = _isEverything ? SimWords.Everything : SimWords.TouchOf(rows.Select(r => r.Row));
            _written = _written.With(_log, World.Server.Append(_node, _log, new SimRecord(groups, rows)));
        }

        if (_log++ == 1)
            _next = Deliver;
        return false;
    }

    private bool Deliver()
    {
        if (_answer.Task.IsCompleted)
            return true;
        if (_written is { Own: not null, Public: not null })
            World.Count(SimEvent.AcknowledgedInTwoLogs);
        World.Count(_isEverything ? SimEvent.EverythingTouched : SimEvent.Acknowledged);
        var answer = new HttpResponseMessage(HttpStatusCode.NoContent);
        var groups = _isEverything ? SimWords.Everything : SimWords.TouchOf(_rows);
        if (World.Rules.NamesWhatWasWritten)
            answer.Headers.Add("Cache-Group-Invalidation", string.Join(", ", groups.Select(g => $"\"{g}\"")));
        answer.Headers.Add("Freshet-Position", SimWords.Token(_carried.Then(_written), World.Rules));
        _answer.SetResult(answer);
        return true;
    }
}
