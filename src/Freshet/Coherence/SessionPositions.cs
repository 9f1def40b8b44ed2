namespace Freshet.Coherence;

/// <summary>A place: one position in a tenant's log, one in the public log; null for none.</summary>
internal readonly record struct SessionPositions(Position? Own, Position? Public)
{
    public bool IsEmpty => Own is null && Public is null;

    /// <summary>Whether this lies before the other one in a log: of one epoch, at a lower offset.</summary>
    public bool IsBefore(SessionPositions other) => IsBefore(Own, other.Own) || IsBefore(Public, other.Public);

    private static bool IsBefore(Position? one, Position? other) => one is { } a && other is { } b && a.Epoch == b.Epoch && a.Offset < b.Offset;
}

/// <summary>What a client carries (C10): of its tenant's log, and of the public log.</summary>
internal readonly record struct CarriedPositions(LogPositions Own, LogPositions Public)
{
    public bool IsEmpty => Own.IsEmpty && Public.IsEmpty;

    /// <summary>The place of the epochs that were heard of last.</summary>
    public SessionPositions Latest => new(Own.Latest, Public.Latest);

    public static CarriedPositions Of(SessionPositions place) => new(LogPositions.Of(place.Own), LogPositions.Of(place.Public));

    /// <summary>Both: in each log the highest position of each epoch.</summary>
    public CarriedPositions Then(CarriedPositions later) => new(Own.Then(later.Own), Public.Then(later.Public));
}
