using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>
/// What was acknowledged, to whom, and in which order. Time is a counter: every acknowledgement has a moment, and a request
/// begins at the moment of the last acknowledgement before it was sent. Safe for concurrent use.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Resource, History> _rows = [];
    private readonly Dictionary<(string Tenant, RowType Type), History> _changes = [];
    private readonly Dictionary<(Resource User, long Version), string> _roles = [];
    private long _moment;

    /// <summary>The moment a request begins; take it before the request is sent.</summary>
    public long Begin()
    {
        lock (_lock) return _moment;
    }

    /// <summary>Takes over what was read while nobody wrote: every row has at least this version from the beginning.</summary>
    public void Start(string tenant, IReadOnlyList<RowVersion> rows)
    {
        lock (_lock)
        {
            foreach (var row in rows) HistoryOf(_rows, new Resource(tenant, row.Type, row.Id)).Add(_moment, row.Version, client: -1);
        }
    }

    /// <summary>Records the answer to a write as soon as it has arrived: from now on these rows have at least these versions.</summary>
    public void Acknowledge(int client, string tenant, Content shown)
    {
        lock (_lock)
        {
            _moment++;
            foreach (var row in shown.Rows)
            {
                var resource = new Resource(tenant, row.Type, row.Id);
                var versions = HistoryOf(_rows, resource);
                // A write that changed nothing acknowledges the version there was.
                var grown = Math.Max(0, row.Version - versions.Highest);
                versions.Add(_moment, row.Version, client);
                var changes = HistoryOf(_changes, (tenant, row.Type));
                changes.Add(_moment, changes.Highest + grown, client);
                if (shown.Role is not null) _roles[(resource, row.Version)] = shown.Role;
            }
        }
    }

    /// <summary>The version that a row had by acknowledgement when a request of this client began; 0 when none was given.</summary>
    public Floor FloorOf(Resource row, long begin, int client)
    {
        lock (_lock) return _rows.TryGetValue(row, out var history) ? history.Until(begin, client) : default;
    }

    /// <summary>By how much the versions of the tenant's rows of these types grew, as acknowledged before a request began.</summary>
    public long ChangesOf(string tenant, IReadOnlyCollection<RowType> types, long begin)
    {
        lock (_lock)
            return types.Sum(type => _changes.TryGetValue((tenant, type), out var history) ? history.Until(begin, client: -1).Version : 0);
    }

    /// <summary>The rows of a type of which an acknowledgement told before the request began.</summary>
    public IReadOnlyList<Resource> Known(string tenant, RowType type, long begin)
    {
        lock (_lock)
            return [.. _rows.Where(row => row.Key.Tenant == tenant && row.Key.Type == type && row.Value.First <= begin).Select(row => row.Key)];
    }

    /// <summary>The role that the acknowledgement of this version of a user named; null when there was none.</summary>
    public string? RoleAt(Resource user, long version)
    {
        lock (_lock) return _roles.GetValueOrDefault((user, version));
    }

    private static History HistoryOf<TKey>(Dictionary<TKey, History> histories, TKey key) where TKey : notnull
    {
        if (!histories.TryGetValue(key, out var history)) histories[key] = history = new History();
        return history;
    }

    private sealed class History
    {
        private readonly List<(long Moment, long Version, int Client)> _entries = [];

        public long First => _entries[0].Moment;

        public long Highest { get; private set; }

        public void Add(long moment, long version, int client)
        {
            _entries.Add((moment, version, client));
            Highest = Math.Max(Highest, version);
        }

        public Floor Until(long begin, int client)
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
}

/// <summary>The least an answer must show: by anybody's acknowledgement, and by those that this client itself has seen.</summary>
internal readonly record struct Floor(long Version, long SeenByClient);
