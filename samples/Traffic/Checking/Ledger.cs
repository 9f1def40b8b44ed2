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
    private readonly Dictionary<Family, Members> _families = [];
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
            foreach (var row in rows)
            {
                var versions = Of(_rows, new Resource(tenant, row.Type, row.Id));
                if (versions.IsEmpty) Join(tenant, row, isCounted: true);
                versions.Add(_moment, row.Version, client: -1);
            }
        }
    }

    /// <summary>Records the answer to a write as soon as it has arrived: from now on these rows have at least these versions.</summary>
    /// <param name="client">Who has seen it.</param>
    /// <param name="tenant">Whose the rows are.</param>
    /// <param name="shown">The rows; an import tells how many assets it made as well.</param>
    /// <param name="columns">How many mappings an import made.</param>
    public void Acknowledge(int client, string tenant, Content shown, int columns = 0)
    {
        lock (_lock)
        {
            _moment++;
            foreach (var row in shown.Rows)
            {
                var resource = new Resource(tenant, row.Type, row.Id);
                var versions = Of(_rows, resource);
                var isNew = versions.IsEmpty;
                // Assets and mappings are made by an import, whose acknowledgement counts them, whether it comes before or after.
                var isMadeByImport = row.Type is RowType.Asset or RowType.Mapping;
                // A write that changed nothing acknowledges the version there was.
                Grow(tenant, row.Type, row.Version - (isNew && isMadeByImport ? 1 : versions.Highest));
                versions.Add(_moment, row.Version, client);
                if (isNew) Join(tenant, row, isCounted: !isMadeByImport);
                if (isNew && row.Type == RowType.Import) Import(tenant, row, shown.Accepted, columns);
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
        lock (_lock) return types.Sum(type => _changes.TryGetValue((tenant, type), out var history) ? history.Until(begin).Version : 0);
    }

    /// <summary>The rows of which an acknowledgement told by name before the request began.</summary>
    public IReadOnlyList<Resource> Known(Family family, long begin)
    {
        lock (_lock)
        {
            return _families.TryGetValue(family, out var members)
                ? [.. members.Rows.TakeWhile(row => row.First <= begin).Select(row => row.Row)]
                : [];
        }
    }

    /// <summary>How many rows there were when the request began, those included that an import made without naming them.</summary>
    public long CountOf(Family family, long begin)
    {
        lock (_lock) return _families.TryGetValue(family, out var members) ? members.Count.Until(begin).Version : 0;
    }

    /// <summary>The role that the acknowledgement of this version of a user named; null when there was none.</summary>
    public string? RoleAt(Resource user, long version)
    {
        lock (_lock) return _roles.GetValueOrDefault((user, version));
    }

    private void Import(string tenant, RowVersion import, long assets, long mappings)
    {
        Grow(tenant, RowType.Asset, assets);
        Grow(tenant, RowType.Mapping, mappings);
        foreach (var family in FamiliesOf(tenant, new RowVersion(RowType.Asset, "", 1, tenant, import.Engagement, import.Id)))
            Of(_families, family).Add(_moment, assets);
        foreach (var family in FamiliesOf(tenant, new RowVersion(RowType.Mapping, "", 1, tenant, Import: import.Id)))
            Of(_families, family).Add(_moment, mappings);
    }

    private void Grow(string tenant, RowType type, long by)
    {
        var changes = Of(_changes, (tenant, type));
        changes.Add(_moment, changes.Highest + Math.Max(0, by), client: -1);
    }

    private void Join(string tenant, RowVersion row, bool isCounted)
    {
        foreach (var family in FamiliesOf(tenant, row))
        {
            var members = Of(_families, family);
            members.Rows.Add((new Resource(tenant, row.Type, row.Id), _moment));
            if (isCounted) members.Add(_moment, 1);
        }
    }

    private static IEnumerable<Family> FamiliesOf(string tenant, RowVersion row)
    {
        yield return new Family(tenant, row.Type);
        if (row.Engagement is { } engagement) yield return new Family(tenant, row.Type, RowType.Engagement, engagement);
        if (row.Import is { } import) yield return new Family(tenant, row.Type, RowType.Import, import);
    }

    private static T Of<TKey, T>(Dictionary<TKey, T> all, TKey key)
        where TKey : notnull
        where T : new()
    {
        if (!all.TryGetValue(key, out var one)) all[key] = one = new T();
        return one;
    }

    /// <summary>The rows known by name, in the order they became known, and how many there are with those that are not.</summary>
    private sealed class Members
    {
        public List<(Resource Row, long First)> Rows { get; } = [];

        public History Count { get; } = new();

        public void Add(long moment, long rows) => Count.Add(moment, Count.Highest + rows, client: -1);
    }
}
