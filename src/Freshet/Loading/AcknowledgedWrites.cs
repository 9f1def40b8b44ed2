using Freshet.Coherence;

namespace Freshet.Loading;

/// <summary>
/// What a request has written: the positions from which on it shows, so that its answer can carry them (C10), and the tags
/// it touched, so that its client can drop what it kept. Ambient: whoever answers the request opens it, the data layers find
/// it. Safe for concurrent use.
/// </summary>
internal sealed class AcknowledgedWrites
{
    private static readonly AsyncLocal<AcknowledgedWrites?> Ambient = new();

    private readonly Dictionary<Tenant, Written> _written = [];

    public static AcknowledgedWrites? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>Whether something that was written could not be logged yet: other nodes do not show it (C14).</summary>
    public bool IsPending { get; private set; }

    /// <param name="tenant">In whose log.</param>
    /// <param name="logged">Where it stands; null: it waits to be logged.</param>
    /// <param name="tags">What was touched.</param>
    public void Add(Tenant tenant, Position? logged, IReadOnlyList<Tag> tags)
    {
        lock (_written)
        {
            IsPending |= logged is null;
            if (!_written.TryGetValue(tenant, out var known))
                known = new Written(default, []);
            if (logged is { } position)
                known = known with { Positions = known.Positions.With(position) };
            known.Tags.AddRange(tags);
            _written[tenant] = known;
        }
    }

    /// <summary>What was written so far; what is still being written does not change it.</summary>
    public KeyValuePair<Tenant, Written>[] ToArray()
    {
        lock (_written)
            return [.. _written.Select(w => KeyValuePair.Create(w.Key, w.Value with { Tags = [.. w.Value.Tags] }))];
    }

    /// <summary>What was written in one tenant's log.</summary>
    /// <param name="Positions">From where on all of it that was logged shows, by epoch.</param>
    /// <param name="Tags">What was touched.</param>
    internal readonly record struct Written(LogPositions Positions, List<Tag> Tags);
}
