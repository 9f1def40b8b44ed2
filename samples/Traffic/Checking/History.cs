namespace Traffic.Checking;

/// <summary>What was acknowledged of one thing, moment by moment.</summary>
internal sealed class History
{
    private readonly List<(Mark Mark, long Version)> _entries = [];

    public bool IsEmpty => _entries.Count == 0;

    public long Highest { get; private set; }

    public void Add(Mark mark, long version)
    {
        Highest = Math.Max(Highest, version);
        _entries.Add((mark, version));
    }

    /// <summary>The least an answer of this sight must show.</summary>
    public Floor Until(in Sight sight)
    {
        long version = 0, seen = 0;
        foreach (var (mark, at) in _entries)
        {
            if (mark.Moment > sight.Begin) break;
            if (!sight.Includes(mark)) continue;
            // Acknowledgements may arrive in another order than the versions were made: the highest counts.
            version = Math.Max(version, at);
            if (mark.Client == sight.Client) seen = Math.Max(seen, at);
        }

        return new Floor(version, seen);
    }
}

/// <summary>By how much something grew, as acknowledged moment by moment.</summary>
internal sealed class Growth
{
    private readonly List<(Mark Mark, long By)> _entries = [];

    public void Add(Mark mark, long by) => _entries.Add((mark, by));

    /// <summary>By how much it has grown at least in an answer of this sight.</summary>
    public long Until(in Sight sight)
    {
        long sum = 0;
        foreach (var (mark, by) in _entries)
        {
            if (mark.Moment > sight.Begin) break;
            if (sight.Includes(mark)) sum += by;
        }

        return sum;
    }
}

/// <summary>The least an answer must show: by anybody's acknowledgement, and by those that this client itself has seen.</summary>
internal readonly record struct Floor(long Version, long SeenByClient);
