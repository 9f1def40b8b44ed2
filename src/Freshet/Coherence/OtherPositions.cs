namespace Freshet.Coherence;

/// <summary>
/// What a client carries of logs that are neither its tenant's nor the public one (C10), the log that was heard of last at the end.
/// Immutable; default is none.
/// </summary>
internal readonly struct OtherPositions : IEquatable<OtherPositions>
{
    private readonly KeyValuePair<Tenant, LogPositions>[]? _logs;

    private OtherPositions(KeyValuePair<Tenant, LogPositions>[] logs) => _logs = logs;

    public bool IsEmpty => _logs is null or [];

    public ReadOnlySpan<KeyValuePair<Tenant, LogPositions>> All => _logs;

    /// <summary>How many positions there are, over all logs.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var (_, positions) in All)
                count += positions.All.Length;
            return count;
        }
    }

    /// <summary>These and more of one log, which counts as heard of last.</summary>
    public OtherPositions With(Tenant log, LogPositions later)
    {
        if (later.IsEmpty)
            return this;
        var others = new List<KeyValuePair<Tenant, LogPositions>>(All.Length + 1);
        var all = later;
        foreach (var other in All)
        {
            if (other.Key == log)
                all = other.Value.Then(later);
            else
                others.Add(other);
        }

        return new([.. others, KeyValuePair.Create(log, all)]);
    }

    /// <summary>Both; what the later one has heard of counts as heard of later.</summary>
    public OtherPositions Then(OtherPositions later)
    {
        var both = this;
        foreach (var (log, positions) in later.All)
            both = both.With(log, positions);
        return both;
    }

    /// <summary>These without the log that was heard of first.</summary>
    public OtherPositions WithoutFirst() => new(All[1..].ToArray());

    public bool Equals(OtherPositions other)
    {
        if (All.Length != other.All.Length)
            return false;
        for (var i = 0; i < All.Length; i++)
        {
            if (All[i].Key != other.All[i].Key || !All[i].Value.Equals(other.All[i].Value))
                return false;
        }

        return true;
    }

    public override bool Equals(object? obj) => obj is OtherPositions other && Equals(other);

    public override int GetHashCode() => All.Length;
}
