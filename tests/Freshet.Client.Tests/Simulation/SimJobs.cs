using System.Net;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>Something that goes on, a step at a time, whenever the scheduler says so.</summary>
internal abstract class SimJob(SimWorld world)
{
    private long _heldUntil;

    protected SimWorld World => world;

    /// <returns>Whether it is over.</returns>
    public bool Step()
    {
        if (world.Now < _heldUntil)
            return false;
        if (world.Random.Chance(20_000))
            _heldUntil = world.Now + world.Random.Below(400);
        return Next();
    }

    /// <summary>The server starts again.</summary>
    public virtual void Restart()
    {
    }

    protected abstract bool Next();

    protected SimNode AnyNode() => world.Server.Nodes[world.Random.Below(world.Server.Nodes.Length)];
}

/// <summary>A GET, from when it is sent until it is answered (C1, C4, C5, C10).</summary>
internal sealed class SimGet : SimJob
{
    private readonly TaskCompletionSource<HttpResponseMessage> _answer = new();
    private readonly int _made;
    private readonly string _carried;
    private readonly string _etag;
    private readonly long _sentAt;
    private SimNode _node = null!;
    private SessionPositions? _place;
    private Func<bool> _next;
    private HttpResponseMessage? _response;

    public SimGet(SimWorld world, HttpRequestMessage request)
        : base(world)
    {
        _made = request.RequestUri!.AbsolutePath[^1] - '0';
        _carried = request.Headers.TryGetValues("Freshet-Position", out var position) ? position.Single() : "";
        _etag = request.Headers.TryGetValues("If-None-Match", out var tags) ? tags.Single() : "";
        _sentAt = world.Now;
        _next = Arrive;
    }

    public Task<HttpResponseMessage> Answered => _answer.Task;

    public Arrival Arrival { get; private set; }

    public override void Restart()
    {
        if (_next != Arrive && _response is null)
            _next = Lose;
    }

    /// <summary>Is given what a load has brought.</summary>
    public void Take(List<(int Row, int Version)> read, string[] groups, bool isKept)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK);
        var text = SimWords.Text(read);
        response.Headers.TryAddWithoutValidation("ETag", $"\"{text}\"");
        response.Headers.TryAddWithoutValidation("X-Sent", $"{_sentAt}");
        response.Headers.TryAddWithoutValidation("Cache-Groups", string.Join(", ", groups.Select(g => $"\"{g}\"")));
        response.Headers.TryAddWithoutValidation("Cache-Status", isKept ? "Freshet; fwd=stale; stored; ttl=30" : "Freshet; fwd=stale; detail=touched-during-load");
        if (!isKept)
            World.Count(SimEvent.TouchedDuringLoad);
        if (_place is not null && World.Rules.PlaceIsReadAtTheEnd)
            _place = _node.Head;
        // Who carried what this node has not applied is told where it stands by now: no place of the answer.
        if (_place is null && Arrival.MustLoad)
            _place = World.Rules.Carried(_carried) is var c ? new SessionPositions(c.Own is null ? null : _node.Head.Own, c.Public is null ? null : _node.Head.Public) : null;
        if (_place is { } place)
            response.Headers.TryAddWithoutValidation("Freshet-Position", SimWords.Token(place, World.Rules));
        if (_etag == $"\"{text}\"")
            response.StatusCode = HttpStatusCode.NotModified;
        else
            response.Content = new StringContent(text);
        _response = response;
        _next = Deliver;
    }

    public void Lead()
    {
        var load = new SimLoad(World, _node, _made, this);
        _node.Loads.Add(load);
        World.Jobs.Add(load);
    }

    protected override bool Next() => _next();

    private bool Arrive()
    {
        _node = AnyNode();
        Arrival = new Arrival(_node.Tick);
        _next = LookUp;
        return false;
    }

    private bool LookUp()
    {
        if (_carried == "?")
        {
            var isNow = Arrival.Tick == _node.Tick;
            World.Count(isNow ? SimEvent.PlaceTold : SimEvent.PlaceWithheld);
            _place = isNow || World.Rules.TellsPlaceThoughTouched ? _node.Head : null;
        }

        if (!_node.Covers(World.Rules.Carried(_carried)))
        {
            World.Count(SimEvent.MustLoad);
            Arrival = new Arrival(_node.Advance(), MustLoad: true);
        }

        _next = Wait;
        if (!Arrival.MustLoad && _node.Entries.TryGetValue(_made, out var entry) && _node.Untouched(entry.Groups, entry.Fence))
            Take(entry.Read, entry.Groups, isKept: true);
        else if (_node.Loads.Find(l => l.Made == _made) is { } running && World.Random.Below(5) > 0)
            running.Waiting.Add(this);
        else
            Lead();
        return false;
    }

    private static bool Wait() => false;

    private bool Deliver()
    {
        if (World.Random.Chance(10_000))
            return Lose();
        World.Count(_response!.StatusCode is HttpStatusCode.NotModified ? SimEvent.NotModified : SimEvent.AnsweredByACall);
        _answer.SetResult(_response);
        return true;
    }

    private bool Lose()
    {
        World.Count(SimEvent.AnswerLost);
        _answer.SetException(new HttpRequestException("lost"));
        return true;
    }
}

/// <summary>A load: it reads each row at a moment of its own.</summary>
internal sealed class SimLoad(SimWorld world, SimNode node, int made, SimGet leader) : SimJob(world)
{
    private readonly List<(int Row, int Version)> _read = [];
    private readonly Arrival _arrival = leader.Arrival;
    private bool _isGivenUp;

    public int Made => made;

    public List<SimGet> Waiting { get; } = [];

    public override void Restart()
    {
        _isGivenUp = true;
        node.Loads.Remove(this);
    }

    protected override bool Next()
    {
        if (_isGivenUp)
            return true;
        if (SimWords.Next(made, _read) is { } row)
        {
            _read.Add((row, World.Server.Committed[row]));
            return false;
        }

        node.Loads.Remove(this);
        var groups = SimWords.GroupsOf(made, _read);
        var isValid = node.Untouched(groups, _arrival.Tick);
        var replaces = !node.Entries.TryGetValue(made, out var present) || _arrival.Tick >= present.Fence;
        if (isValid && replaces)
            node.Entries[made] = new SimEntry(_read, groups, _arrival.Tick);
        leader.Take(_read, groups, isValid && replaces);
        foreach (var waiter in Waiting)
        {
            // C5. Whoever shares a load is told a ttl, even when it was touched meanwhile, as by the real server.
            if (Validity.MayFollow(_arrival, waiter.Arrival, isValid))
            {
                World.Count(isValid ? SimEvent.Followed : SimEvent.FollowedThoughTouched);
                waiter.Take(_read, groups, isKept: true);
            }
            else
            {
                waiter.Lead();
            }
        }

        return true;
    }
}
