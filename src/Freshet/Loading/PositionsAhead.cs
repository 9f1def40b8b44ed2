using Freshet.Coherence;

namespace Freshet.Loading;

/// <summary>
/// What the client of a request carries and this node had not applied when the request came in: while its handler runs, cached data
/// from before is not good for it either (C10). Ambient, for requests whose answers are not cached themselves; a load has its arrival.
/// </summary>
/// <param name="positions">The positions, each with its log.</param>
internal sealed class PositionsAhead(IReadOnlyList<(Tenant Log, Position Position)> positions)
{
    private static readonly AsyncLocal<PositionsAhead?> Ambient = new();

    // Nobody looks for one before there is any: one process never has one.
    private static volatile bool _isInUse;

    public static PositionsAhead? Current
    {
        get => _isInUse ? Ambient.Value : null;
        set
        {
            _isInUse |= value is not null;
            if (_isInUse)
                Ambient.Value = value;
        }
    }

    /// <summary>The arrival of a read: until this node has applied the positions it must load.</summary>
    public Arrival Arrive(CacheEngine engine)
    {
        var arrival = engine.Arrive(carriesPosition: true);
        foreach (var (log, position) in positions)
            arrival = engine.WithSession(arrival, log, position);
        return arrival;
    }
}
