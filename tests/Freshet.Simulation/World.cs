using Freshet.Coherence;
using Freshet.Keys;

namespace Freshet.Simulation;

/// <summary>What one step of a load does.</summary>
internal enum PartKind : byte
{
    /// <summary>Reads a row of the database.</summary>
    Row,

    /// <summary>Takes what authentication read before the cache was asked (C1).</summary>
    Authenticated,

    /// <summary>Reads another key through the cache (C3).</summary>
    Nested,
}

/// <param name="Kind">What it does.</param>
/// <param name="Source">The row, or the index of the nested key.</param>
/// <param name="At">Where its values begin among the key's.</param>
internal readonly record struct Part(PartKind Kind, int Source, int At);

/// <summary>One cached thing: the rows it shows and what it depends on.</summary>
internal sealed class Key
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required Part[] Parts { get; init; }

    /// <summary>The rows that an answer shows, those of nested keys included.</summary>
    public required int[] Rows { get; init; }

    /// <summary>The logs it is made from; the first is the one whose slot holds the stored entry.</summary>
    public required int[] Logs { get; init; }

    /// <summary>What it is made from, by log, nested keys included.</summary>
    public required Dependency[][] Dependencies { get; init; }

    /// <summary>The same without nested keys.</summary>
    public required Dependency[][] OwnDependencies { get; init; }

    /// <summary>The row that authentication reads; -1 when none.</summary>
    public int AuthenticatedRow { get; init; } = -1;

    public bool HasNested { get; init; }

    // Half of the keys live so long that only a touch ends them; the others serve stale while they revalidate.
    public bool ServesStale => (Index & 1) == 1;

    public int LifeTime => ServesStale ? 400 : 10_000;
}

/// <summary>The clocks of one key on one node.</summary>
/// <param name="All">Those of nested keys included.</param>
/// <param name="Own">Without those of nested keys.</param>
/// <param name="FirstLog">Of the first log only.</param>
internal sealed record KeyClocks(EntryClocks All, EntryClocks Own, EntryClocks FirstLog)
{
    public static KeyClocks Of(Key key, TagClocks table, World world) => new(
        world.ClocksOf(table, key.Dependencies, key.Logs),
        world.ClocksOf(table, key.OwnDependencies, key.Logs),
        world.ClocksOf(table, key.Dependencies, key.Logs.AsSpan(0, 1)));
}

/// <summary>A change that a client may make: which rows, and the tags that report them, by log.</summary>
internal sealed record Change(string Name, int[] Rows, (int Log, IReadOnlyList<Tag> Tags)[] Touches);

/// <summary>
/// The data: three logs with a few rows each, and keys over them. Small on purpose: the fewer the rows, the more often
/// loads, writes and faults meet.
/// </summary>
internal sealed class World
{
    public const int RowsPerLog = 4;
    public const int Public = 1;

    private static readonly Tag Parent = Tag.Of("p", "0");
    private static readonly Tag[] RowTags = [Parent, Parent.Child("x"), Parent.Child("y"), Tag.Of("p", "1")];

    private readonly List<Key> _keys = [];
    private readonly List<Change> _changes = [];

    private World()
    {
        AddKeys(log: 0);
        AddKeys(log: 2);
        AddKey("public list", [Public * RowsPerLog, (Public * RowsPerLog) + 1, (Public * RowsPerLog) + 2], [], (Public, Parent.Subtree));
        AddChanges(log: 0);
        AddChanges(log: Public);
        AddChanges(log: 2);
        var (mine, others) = (0, 2 * RowsPerLog);
        _changes.Add(new Change("rows of two tenants", [mine + 1, others + 1], [(0, [RowTags[1]]), (2, [RowTags[1]])]));
        _changes.Add(new Change(
            "rows of everybody", [mine + 3, others, Public * RowsPerLog], [(2, [RowTags[0]]), (0, [RowTags[3]]), (Public, [RowTags[0]])]));
    }

    public static World Instance { get; } = new();

    public Tenant[] Tenants { get; } = [Tenant.Named("a"), Tenant.Public, Tenant.Named("b")];

    public int LogCount => Tenants.Length;

    public int RowCount => LogCount * RowsPerLog;

    public IReadOnlyList<Key> Keys => _keys;

    public IReadOnlyList<Change> Changes => _changes;

    // One key for all, so that a seed replays a run.
    public static TagClocks NewClocks() => new(hash: new TagHash(1, 2));

    /// <summary>The clocks of dependencies in one table.</summary>
    /// <param name="table">Of a node, or of a log in the store.</param>
    /// <param name="dependencies">By log.</param>
    /// <param name="logs">The logs that count.</param>
    public EntryClocks ClocksOf(TagClocks table, Dependency[][] dependencies, ReadOnlySpan<int> logs)
    {
        var clocks = new EntryClocks.Collector();
        foreach (var log in logs)
        {
            foreach (var dependency in dependencies[log])
                table.AddClocks(Tenants[log], dependency, clocks);
        }

        return clocks.ToClocks();
    }

    private void AddKeys(int log)
    {
        var rows = log * RowsPerLog;
        AddKey("row", [rows], [], (log, RowTags[0]));
        var child = AddKey("child", [rows + 1], [], (log, RowTags[1]));
        var list = AddKey("list", [rows, rows + 1, rows + 2], [], (log, Parent.Subtree));
        AddKey("tenant", [rows, rows + 1, rows + 2, rows + 3], [], (log, Tag.Root.Subtree));
        AddKey("row and public", [rows + 3, Public * RowsPerLog], [], (log, RowTags[3]), (Public, RowTags[0]));
        var outer = AddKey("row over child", [rows + 3], [child], (log, RowTags[3]));
        AddKey("authenticated row", [rows + 2], [], rows + 3, (log, RowTags[2]), (log, RowTags[3]));
        AddKey("row over row over child", [rows], [outer], (log, RowTags[0]));
        AddKey("authenticated list", [], [list], rows + 3, (log, RowTags[3]));
    }

    private int AddKey(string name, int[] rows, int[] nested, params (int Log, Dependency Dependency)[] dependencies) =>
        AddKey(name, rows, nested, -1, dependencies);

    private int AddKey(
        string name, int[] rows, int[] nested, int authenticatedRow, params (int Log, Dependency Dependency)[] dependencies)
    {
        var own = new Dependency[LogCount][];
        var joined = new Dependency[LogCount][];
        for (var log = 0; log < LogCount; log++)
        {
            own[log] = [.. dependencies.Where(d => d.Log == log).Select(d => d.Dependency)];
            joined[log] = [.. own[log], .. nested.SelectMany(n => _keys[n].Dependencies[log])];
        }

        var parts = new List<Part>();
        var shown = new List<int>();
        void Add(PartKind kind, int source, params ReadOnlySpan<int> partRows)
        {
            parts.Add(new Part(kind, source, shown.Count));
            shown.AddRange(partRows);
        }

        if (authenticatedRow >= 0)
            Add(PartKind.Authenticated, authenticatedRow, authenticatedRow);
        if (rows.Length > 0)
            Add(PartKind.Row, rows[0], rows[0]);
        foreach (var n in nested)
            Add(PartKind.Nested, n, _keys[n].Rows);
        for (var i = 1; i < rows.Length; i++)
            Add(PartKind.Row, rows[i], rows[i]);

        var logs = Enumerable.Range(0, LogCount).Where(log => joined[log].Length > 0)
            .OrderBy(log => log == Public).ToArray();
        var index = _keys.Count;
        _keys.Add(new Key
        {
            Index = index,
            Name = $"{name} of {Tenants[logs[0]]}",
            Parts = [.. parts],
            Rows = [.. shown],
            Logs = logs,
            Dependencies = joined,
            OwnDependencies = own,
            AuthenticatedRow = authenticatedRow,
            HasNested = nested.Length > 0,
        });
        return index;
    }

    private void AddChanges(int log)
    {
        var first = log * RowsPerLog;
        for (var i = 0; i < RowsPerLog; i++)
            _changes.Add(new Change($"row {first + i}", [first + i], [(log, [RowTags[i]])]));
        _changes.Add(new Change($"children of {first}", [first + 1, first + 2], [(log, [RowTags[1], RowTags[2]])]));
        _changes.Add(new Change($"parent {first}", [first, first + 1, first + 2], [(log, [Parent])]));
        _changes.Add(new Change($"type of {first}", [first, first + 1, first + 2, first + 3], [(log, [Tag.Of("p")])]));
        _changes.Add(new Change($"tenant of {first}", [first + 1, first + 3], [(log, [Tag.Root])]));
        _changes.Add(new Change($"nothing but {first}", [], [(log, [RowTags[0], RowTags[3]])]));
        if (log != Public)
        {
            _changes.Add(new Change(
                $"row {first} and a public one",
                [first, (Public * RowsPerLog) + 2],
                [(log, [RowTags[0]]), (Public, [RowTags[2]])]));
        }
    }
}
