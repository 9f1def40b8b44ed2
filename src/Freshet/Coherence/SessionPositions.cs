namespace Freshet.Coherence;

/// <summary>A place: one position in a tenant's log, one in the public log; null for none.</summary>
internal readonly record struct SessionPositions(Position? Own, Position? Public)
{
    public bool IsEmpty => Own is null && Public is null;

    /// <summary>Whether this lies before the other one in a log: of one epoch, at a lower offset.</summary>
    public bool IsBefore(SessionPositions other) => IsBefore(Own, other.Own) || IsBefore(Public, other.Public);

    private static bool IsBefore(Position? one, Position? other) => one is { } a && other is { } b && a.Epoch == b.Epoch && a.Offset < b.Offset;
}

/// <summary>
/// What a client carries (C10): of its tenant's log, of the public log, and of other logs in which it has written. A client without
/// a tenant has no log of its own.
/// </summary>
internal readonly record struct CarriedPositions(LogPositions Own, LogPositions Public, OtherPositions Others = default)
{
    public bool IsEmpty => Own.IsEmpty && Public.IsEmpty && Others.IsEmpty;

    /// <summary>The place of the epochs that were heard of last.</summary>
    public SessionPositions Latest => new(Own.Latest, Public.Latest);

    public static CarriedPositions Of(SessionPositions place) => new(LogPositions.Of(place.Own), LogPositions.Of(place.Public));

    /// <summary>Both: in each log the highest position of each epoch.</summary>
    public CarriedPositions Then(CarriedPositions later) => new(Own.Then(later.Own), Public.Then(later.Public), Others.Then(later.Others));

    /// <summary>These and more of one log.</summary>
    /// <param name="owner">The client's tenant; default for a client without one.</param>
    /// <param name="log">Whose log.</param>
    /// <param name="later">What was heard of later.</param>
    public CarriedPositions With(Tenant owner, Tenant log, LogPositions later)
    {
        if (log.IsPublic)
            return this with { Public = Public.Then(later) };
        return log == owner ? this with { Own = Own.Then(later) } : this with { Others = Others.With(log, later) };
    }
}
