namespace Freshet.Client;

/// <summary>A request that is on its way, and what was touched since it was sent: its answer may be from before that. Guarded by the client.</summary>
internal sealed class Flight(long ticket, Moment sentAt, string position)
{
    private const int MaxTouched = 10_000;
    private HashSet<string>? _touched = new(StringComparer.Ordinal); // null: everything

    /// <summary>Orders the requests of a client (C11): two may be sent at one reading of the clock.</summary>
    public long Ticket => ticket;

    public Moment SentAt => sentAt;

    /// <summary>The latest position that is known; empty for none.</summary>
    public string Position => position;

    public void Touch(IReadOnlyList<string>? groups)
    {
        if (groups is null || _touched?.Count > MaxTouched)
            _touched = null;
        else
            _touched?.UnionWith(groups);
    }

    public bool Concerns(IReadOnlyList<string> groups) => _touched is null || _touched.Overlaps(groups);
}
