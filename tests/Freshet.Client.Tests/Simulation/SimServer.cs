using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>What one write touched in one log.</summary>
internal sealed record SimRecord(string[] Groups, (int Row, int Version)[] Rows);

/// <summary>A stored answer: what was read, in which groups it is, and the fence of its load.</summary>
internal sealed record SimEntry(List<(int Row, int Version)> Read, string[] Groups, long Fence);

/// <summary>The server's side: a database, the two logs, and nodes that may lag behind them.</summary>
internal sealed class SimServer
{
    /// <summary>How many records a log keeps for those who come back.</summary>
    public const int Capacity = 4;

    private readonly int[][] _loggedBefore = [new int[SimWords.Rows], new int[SimWords.Rows]];
    private ulong _epochs = 100;

    public SimServer(int nodes)
    {
        Epochs = [NewEpoch(), NewEpoch()];
        Nodes = [.. Enumerable.Range(0, nodes).Select(_ => new SimNode(this))];
    }

    /// <summary>By row: the version that was committed last.</summary>
    public int[] Committed { get; } = new int[SimWords.Rows];

    /// <summary>By row: the version that was logged last, in whatever epoch.</summary>
    public int[] Logged { get; } = new int[SimWords.Rows];

    public Epoch[] Epochs { get; }

    public List<SimRecord>[] Logs { get; } = [[], []];

    public SimNode[] Nodes { get; }

    /// <summary>C9: logged, and the node judges by it from now on; other nodes follow.</summary>
    public Position Append(SimNode node, int log, SimRecord record)
    {
        Logs[log].Add(record);
        Raise(Logged, record.Rows);
        node.Touch(record.Groups);
        while (Nodes.Length == 1 && node.ApplyNext(log))
        {
            // The only node: its log and its clocks are one.
        }

        return new Position(Epochs[log], Logs[log].Count);
    }

    /// <summary>C13: the log begins anew, and everything is forgotten.</summary>
    public void BeginEpoch(int log)
    {
        Epochs[log] = NewEpoch();
        Logs[log].Clear();
        _loggedBefore[log] = [.. Logged];
        foreach (var node in Nodes)
            node.Forget(log);
    }

    /// <summary>By row: the version that was logged last up to a place in the logs.</summary>
    public int[] LoggedUpTo(SessionPositions place)
    {
        var versions = new int[SimWords.Rows];
        for (var log = 0; log < 2; log++)
        {
            Raise(versions, _loggedBefore[log].Select((version, row) => (row, version)).Where(v => SimWords.LogOf(v.row) == log));
            if (place.Of(log)!.Value.Epoch == Epochs[log])
                Raise(versions, Logs[log].Take((int)place.Of(log)!.Value.Offset).SelectMany(r => r.Rows));
        }

        return versions;
    }

    public static void Raise(int[] versions, IEnumerable<(int Row, int Version)> rows)
    {
        foreach (var (row, version) in rows)
            versions[row] = Math.Max(versions[row], version);
    }

    private Epoch NewEpoch() => new(++_epochs);
}

/// <summary>A node: what it has applied of the logs, the ticks of its touches, and what it keeps (C1 to C5).</summary>
internal sealed class SimNode(SimServer server)
{
    private readonly long[] _applied = new long[2];
    private readonly Dictionary<string, long> _touched = new(StringComparer.Ordinal);
    private long _forgotten;

    public long Tick { get; private set; }

    /// <summary>By row: the last version of which this node has applied the record.</summary>
    public int[] Known { get; private set; } = new int[SimWords.Rows];

    public Dictionary<int, SimEntry> Entries { get; } = [];

    public List<SimLoad> Loads { get; } = [];

    public SessionPositions Head => new(new Position(server.Epochs[0], _applied[0]), new Position(server.Epochs[1], _applied[1]));

    public long Advance() => ++Tick;

    public void Touch(string[] groups)
    {
        Tick++;
        foreach (var group in groups)
            _touched[group] = Tick;
    }

    public bool ApplyNext(int log)
    {
        if (_applied[log] == server.Logs[log].Count)
            return false;
        var record = server.Logs[log][(int)_applied[log]];
        // A position is never ahead of the clocks.
        Touch(record.Groups);
        _applied[log]++;
        SimServer.Raise(Known, record.Rows);
        return true;
    }

    public void Forget(int log)
    {
        _applied[log] = 0;
        _forgotten = ++Tick;
        Known = [.. server.Logged];
    }

    public bool Untouched(string[] groups, long fence) =>
        _forgotten <= fence && groups.Append("*").All(g => _touched.GetValueOrDefault(g) <= fence);

    /// <summary>C10.</summary>
    public bool Covers(SessionPositions positions) => Covers(0, positions.Own) && Covers(1, positions.Public);

    private bool Covers(int log, Position? position) =>
        position is not { } p || (p.Epoch == server.Epochs[log] && p.Offset <= _applied[log]);
}
