namespace Freshet.Loading;

/// <summary>
/// The positions of what a request has written, so that its answer can carry them (C10). Ambient: whoever answers the
/// request opens it, the data layers find it. Safe for concurrent use.
/// </summary>
internal sealed class AcknowledgedWrites
{
    private static readonly AsyncLocal<AcknowledgedWrites?> Ambient = new();

    private readonly Dictionary<Tenant, Position> _positions = [];

    public static AcknowledgedWrites? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public void Add(Tenant tenant, Position position)
    {
        lock (_positions)
        {
            // Within one epoch the highest stands; a new epoch replaces what was known of the old one.
            if (!_positions.TryGetValue(tenant, out var known) || known.Epoch != position.Epoch || known.Offset < position.Offset)
                _positions[tenant] = position;
        }
    }

    public KeyValuePair<Tenant, Position>[] ToArray()
    {
        lock (_positions)
            return [.. _positions];
    }
}
