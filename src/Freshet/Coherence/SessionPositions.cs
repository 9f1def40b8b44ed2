namespace Freshet.Coherence;

/// <summary>The positions that a client carries: one in its tenant's log, one in the public log; null for none (C10).</summary>
internal readonly record struct SessionPositions(Position? Own, Position? Public)
{
    public bool IsEmpty => Own is null && Public is null;

    /// <summary>Both: in each log the later position, and of two epochs the one of <paramref name="later"/>.</summary>
    public SessionPositions Then(SessionPositions later) => new(Later(Own, later.Own), Later(Public, later.Public));

    /// <summary>Whether this lies before the other one in a log: of one epoch, at a lower offset.</summary>
    public bool IsBefore(SessionPositions other) => IsBefore(Own, other.Own) || IsBefore(Public, other.Public);

    private static bool IsBefore(Position? one, Position? other) => one is { } a && other is { } b && a.Epoch == b.Epoch && a.Offset < b.Offset;

    private static Position? Later(Position? known, Position? later) =>
        later is not { } l ? known
        : known is { } k && k.Epoch == l.Epoch && k.Offset > l.Offset ? k
        : l;
}
