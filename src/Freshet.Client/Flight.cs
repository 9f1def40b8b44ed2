namespace Freshet.Client;

/// <summary>A request that is on its way, and what was touched since it was sent: its answer may be from before that. Guarded by the client.</summary>
internal sealed class Flight(long ticket, Moment sentAt, ClientPosition position, int room = 0)
{
    private const int MaxNames = 10_000;
    private readonly List<Touch> _touches = [];
    private int _names;

    /// <summary>Orders the requests of a client (C11): two may be sent at one reading of the clock.</summary>
    public long Ticket => ticket;

    public Moment SentAt => sentAt;

    /// <summary>The latest position that is known, which the request carries.</summary>
    public ClientPosition Position => position;

    /// <summary>In how many more logs the request may write whose positions this client has room for (C10).</summary>
    public int Room => room;

    /// <summary>
    /// The place of the request's answer (E8): where it was judged at the earliest (C10). What the answer names counts when the request
    /// asked for it; else the server says where it stands by now, which may be after what the answer was made from.
    /// </summary>
    public ClientPosition PlaceOf(string answered) => position.IsNowhere ? ClientPosition.Parse(answered) : position;

    public void Note(Touch touch)
    {
        if (_names > MaxNames)
            return;
        _names += touch.Groups?.Count ?? 1;
        if (_names > MaxNames)
        {
            _touches.Clear();
            touch = Touch.Anything;
        }

        _touches.Add(touch);
    }

    /// <summary>Whether something that the answer was made from was touched after its place.</summary>
    public bool Overtakes(KeptAnswer answer)
    {
        if (_touches.Count == 0)
            return false;
        var groups = answer.Groups.ToHashSet(StringComparer.Ordinal);
        return _touches.Exists(t => t.IsAfter(answer.Place) && (t.Groups is null || groups.Overlaps(t.Groups)));
    }
}
