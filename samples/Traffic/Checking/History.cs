namespace Traffic.Checking;

/// <summary>What was acknowledged of one thing, moment by moment.</summary>
internal sealed class History
{
    private readonly List<(long Moment, long Version, int Client)> _entries = [];

    public bool IsEmpty => _entries.Count == 0;

    public long Highest { get; private set; }

    public void Add(long moment, long version, int client)
    {
        Highest = Math.Max(Highest, version);
        if (!IsEmpty && _entries[^1] is var last && last.Moment == moment && last.Client == client)
            _entries[^1] = (moment, Math.Max(last.Version, version), client);
        else
            _entries.Add((moment, version, client));
    }

    /// <summary>What was acknowledged when a request began: to anybody, and to this client.</summary>
    public Floor Until(long begin, int client = -1)
    {
        long version = 0, seen = 0;
        foreach (var entry in _entries)
        {
            if (entry.Moment > begin) break;
            // Acknowledgements may arrive in another order than the versions were made: the highest counts.
            version = Math.Max(version, entry.Version);
            if (entry.Client == client) seen = Math.Max(seen, entry.Version);
        }

        return new Floor(version, seen);
    }
}

/// <summary>The least an answer must show: by anybody's acknowledgement, and by those that this client itself has seen.</summary>
internal readonly record struct Floor(long Version, long SeenByClient);
