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
    private readonly Dictionary<(string Tenant, RowType Type), Growth> _changes = [];
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
            var mark = new Mark(_moment, Client: -1, Node: -1, IsPending: false);
            foreach (var row in rows)
            {
                var versions = Of(_rows, new Resource(tenant, row.Type, row.Id));
                if (versions.IsEmpty) Join(tenant, row, mark, isCounted: true);
                versions.Add(mark, row.Version);
            }
        }
    }

    /// <summary>Records the answer to a write as soon as it has arrived: from now on these rows have at least these versions.</summary>
    /// <param name="client">Who has seen it.</param>
    /// <param name="tenant">Whose the rows are.</param>
    /// <param name="shown">The rows; an import tells how many assets it made as well.</param>
    /// <param name="columns">How many mappings an import made.</param>
    /// <param name="node">Which node wrote; negative when it is not known.</param>
    /// <param name="isPending">Whether the node said that it could not log the write yet.</param>
    public void Acknowledge(int client, string tenant, Content shown, int columns = 0, int node = -1, bool isPending = false)
    {
        lock (_lock)
        {
            var mark = new Mark(++_moment, client, node, isPending);
            foreach (var row in shown.Rows)
            {
                var resource = new Resource(tenant, row.Type, row.Id);
                var versions = Of(_rows, resource);
                var isNew = versions.IsEmpty;
                // Assets and mappings are made by an import, whose acknowledgement counts them, whether it comes before or after.
                var isMadeByImport = row.Type is RowType.Asset or RowType.Mapping;
                // A write that changed nothing acknowledges the version there was.
                Grow(tenant, row.Type, mark, row.Version - (isNew && isMadeByImport ? 1 : versions.Highest));
                versions.Add(mark, row.Version);
                if (isNew) Join(tenant, row, mark, isCounted: !isMadeByImport);
                if (isNew && row.Type == RowType.Import) Import(tenant, row, mark, shown.Accepted, columns);
                if (shown.Role is not null) _roles[(resource, row.Version)] = shown.Role;
            }
        }
    }

    /// <summary>The version at which an answer must show a row at least; 0 when none was acknowledged.</summary>
    public Floor FloorOf(Resource row, in Sight sight)
    {
        lock (_lock) return _rows.TryGetValue(row, out var history) ? history.Until(sight) : default;
    }

    /// <summary>By how much the versions of the tenant's rows of these types must have grown at least in an answer.</summary>
    public long ChangesOf(string tenant, IReadOnlyCollection<RowType> types, Sight sight)
    {
        lock (_lock) return types.Sum(type => _changes.TryGetValue((tenant, type), out var changes) ? changes.Until(sight) : 0);
    }

    /// <summary>The rows that must be there, of those that an acknowledgement told by name.</summary>
    public IReadOnlyList<Resource> Known(Family family, Sight sight)
    {
        lock (_lock)
        {
            return _families.TryGetValue(family, out var members)
                ? [.. members.Rows.Where(row => sight.Includes(row.First)).Select(row => row.Row)]
                : [];
        }
    }

    /// <summary>How many rows there must be, those included that an import made without naming them.</summary>
    public long CountOf(Family family, in Sight sight)
    {
        lock (_lock) return _families.TryGetValue(family, out var members) ? members.Count.Until(sight) : 0;
    }

    /// <summary>The role that the acknowledgement of this version of a user named; null when there was none.</summary>
    public string? RoleAt(Resource user, long version)
    {
        lock (_lock) return _roles.GetValueOrDefault((user, version));
    }

    private void Import(string tenant, RowVersion import, Mark mark, long assets, long mappings)
    {
        Grow(tenant, RowType.Asset, mark, assets);
        Grow(tenant, RowType.Mapping, mark, mappings);
        foreach (var family in FamiliesOf(tenant, new RowVersion(RowType.Asset, "", 1, tenant, import.Engagement, import.Id)))
            Of(_families, family).Count.Add(mark, assets);
        foreach (var family in FamiliesOf(tenant, new RowVersion(RowType.Mapping, "", 1, tenant, Import: import.Id)))
            Of(_families, family).Count.Add(mark, mappings);
    }

    // What is counted of a row are spans of its versions that do not overlap, and each ends at a version that was acknowledged: so
    // whichever acknowledgements an answer must show, it shows the sum of theirs at least.
    private void Grow(string tenant, RowType type, Mark mark, long by) => Of(_changes, (tenant, type)).Add(mark, Math.Max(0, by));

    private void Join(string tenant, RowVersion row, Mark mark, bool isCounted)
    {
        foreach (var family in FamiliesOf(tenant, row))
        {
            var members = Of(_families, family);
            members.Rows.Add((new Resource(tenant, row.Type, row.Id), mark));
            if (isCounted) members.Count.Add(mark, 1);
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
        public List<(Resource Row, Mark First)> Rows { get; } = [];

        public Growth Count { get; } = new();
    }
}
