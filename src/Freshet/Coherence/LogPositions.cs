namespace Freshet.Coherence;

/// <summary>
/// What a client carries of one log (C10): the highest position of each epoch it has heard of, the epoch that was heard of last at the
/// end. Immutable; default is none.
/// </summary>
internal readonly struct LogPositions : IEquatable<LogPositions>
{
    /// <summary>
    /// How many epochs are carried; of more the one that was heard of first is forgotten. An epoch ends when a server is replaced or
    /// loses its data, and its positions count for a while only: three in that time is a log that cannot be relied on anyway.
    /// </summary>
    public const int MaxEpochs = 3;

    private readonly Position[]? _positions;

    private LogPositions(Position[] positions) => _positions = positions;

    public bool IsEmpty => _positions is null;

    public ReadOnlySpan<Position> All => _positions;

    /// <summary>The one of the epoch that was heard of last.</summary>
    public Position? Latest => _positions?[^1];

    public static LogPositions Of(Position? position) => position is { } p ? new([p]) : default;

    /// <summary>This and one more: of its epoch the higher offset.</summary>
    public LogPositions With(Position position)
    {
        var all = All;
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i].Epoch != position.Epoch)
                continue;
            if (all[i].Offset >= position.Offset)
                return this;
            var raised = all.ToArray();
            raised[i] = position;
            return new(raised);
        }

        return new([.. all.Length == MaxEpochs ? all[1..] : all, position]);
    }

    /// <summary>Both; what the later one has heard of counts as heard of later.</summary>
    public LogPositions Then(LogPositions later)
    {
        var both = this;
        foreach (var position in later.All)
            both = both.With(position);
        return both;
    }

    public bool Equals(LogPositions other) => All.SequenceEqual(other.All);

    public override bool Equals(object? obj) => obj is LogPositions other && Equals(other);

    public override int GetHashCode() => Latest.GetHashCode();
}
