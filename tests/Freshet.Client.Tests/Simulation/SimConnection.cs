using System.Text;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>One message on its way, or the end of the connection.</summary>
/// <param name="Kind">What it truly is; null for one that was damaged.</param>
/// <param name="Text">What the client reads.</param>
/// <param name="Told">By row: the version that was logged up to where the server had told this connection when it sent this.</param>
/// <param name="Groups">What it touches; null: everything.</param>
/// <param name="IsResumed">Whether its connection went on where the client was.</param>
internal sealed record SimMessage(CacheEventKind? Kind, string Text, int[] Told, string[]? Groups = null, bool IsResumed = false);

/// <summary>The server's end of a connection for events: a place in the logs, as the real one has.</summary>
internal sealed class SimConnection(SimWorld world, SimNode node, SimLine line)
{
    private SessionPositions _at;
    private SessionPositions _greetedAt;
    private bool _isGreetingDue = true;
    private bool _isResumed;
    private bool _hasEnded;

    public SimLine Line => line;

    public Queue<SimMessage> OnTheWay { get; } = new();

    /// <summary>Nothing comes through any more, and nobody says so.</summary>
    public bool IsStalled { get; set; }

    public void Start(string position)
    {
        var from = SimWords.ReadToken(position);
        _greetedAt = node.Head;
        _isResumed = from is { Own: not null, Public: not null } && Reaches(0, from) && Reaches(1, from);
        _at = _isResumed ? from : _greetedAt;
    }

    /// <summary>Says what is due, if anything: what was missed, the greeting, what has come.</summary>
    public void Tell()
    {
        if (_hasEnded || IsStalled)
            return;
        if ((_isGreetingDue && !_at.IsBefore(_greetedAt)) || !TellWhatHasCome())
            Greet();
    }

    public void Beat()
    {
        if (!_hasEnded && !IsStalled && !_isGreetingDue && _at == node.Head)
            Say(CacheEventKind.Heartbeat, Heartbeat);
    }

    /// <summary>The server's end is gone; what is on its way may be lost as well.</summary>
    public void Cut()
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        if (world.Random.Below(2) == 0)
            OnTheWay.Clear();
        OnTheWay.Enqueue(new SimMessage(CacheEventKind.Lost, "", []));
    }

    private static string Heartbeat => "{\"type\":\"heartbeat\"}";

    private bool Reaches(int log, SessionPositions from) =>
        from.Of(log)!.Value.Epoch == node.Head.Of(log)!.Value.Epoch && from.Of(log)!.Value.Offset >= node.Head.Of(log)!.Value.Offset - SimServer.Capacity;

    private void Greet()
    {
        if (!_isGreetingDue)
            return;
        _isGreetingDue = false;
        Say(CacheEventKind.Ready, Script.Ready(SimWords.Token(_greetedAt, world.Rules), world.Rules.SaysResumed(_isResumed)));
    }

    private bool TellWhatHasCome()
    {
        if (!Reaches(0, _at) || !Reaches(1, _at))
        {
            world.Count(_at.Own!.Value.Epoch == node.Head.Own!.Value.Epoch && _at.Public!.Value.Epoch == node.Head.Public!.Value.Epoch ? SimEvent.ResyncTrimmed : SimEvent.ResyncEpoch);
            _at = node.Head;
            Say(CacheEventKind.Resync, world.Rules.SaysResync ? Script.Resync(SimWords.Token(world.Rules.PositionOf(_at), world.Rules)) : Heartbeat);
            return true;
        }

        var records = new List<SimRecord>();
        for (var log = 0; log < 2; log++)
        {
            var (from, to) = (_at.Of(log)!.Value, node.Head.Of(log)!.Value);
            // A reading that others share may end before the head.
            if (to.Offset > from.Offset)
                to = to with { Offset = to.Offset - world.Random.Below((int)(to.Offset - from.Offset) + 1) };
            records.AddRange(world.Server.Logs[log].Take((int)to.Offset).Skip((int)from.Offset));
            _at = _at.With(log, to);
        }

        if (records.Count == 0)
            return false;
        if (records.Count > 1)
            world.Count(SimEvent.MessageMerged);
        var groups = records.SelectMany(r => r.Groups).Distinct(StringComparer.Ordinal).ToArray();
        if (world.Random.Chance(20_000))
            Say(null, world.Rules.Damaged(Heartbeat));
        else
            Say(CacheEventKind.Invalidation, Script.Touched(SimWords.Token(world.Rules.PositionOf(_at), world.Rules), groups), groups.Contains("*") ? null : groups);
        return true;
    }

    private void Say(CacheEventKind? kind, string text, string[]? groups = null) =>
        OnTheWay.Enqueue(new SimMessage(kind, text, world.Server.LoggedUpTo(_at), groups, _isResumed));

    /// <summary>Hands the next message to the client.</summary>
    public SimMessage? Deliver()
    {
        if (IsStalled || !OnTheWay.TryDequeue(out var message))
            return null;
        if (line.IsClosed)
            return null;
        if (message.Kind is CacheEventKind.Lost)
            line.Dispose();
        else
            line.Say(Encoding.UTF8.GetBytes(message.Text));
        return message;
    }
}
