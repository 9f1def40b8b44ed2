namespace Freshet.History.Judging;

/// <summary>
/// The promise, judged from what clients saw, one call after the other in the order of their ends. It knows nothing of ticks, positions
/// or epochs: only who was told which version of a row, on which node and when. No I/O and no clock; not safe for concurrent use.
/// </summary>
/// <param name="nodes">How many nodes.</param>
/// <param name="clients">How many clients carry positions.</param>
/// <param name="maxStaleness">How long other nodes may take to show a write, in the units of the operations' times.</param>
internal sealed class Judge(int nodes, int clients, long maxStaleness)
{
    private readonly Versions?[,] _toldTo = new Versions?[clients, World.Rows];
    private readonly Versions?[,] _toldBy = new Versions?[nodes, World.Rows];

    /// <summary>The same for writes that only the running life of the node vouches for.</summary>
    private readonly Versions?[,] _toldInLife = new Versions?[nodes, World.Rows];

    /// <summary>By row: what was acknowledged anywhere as known to all. MaxStaleness later every node must show it.</summary>
    private readonly Versions[] _settled = [.. Enumerable.Range(0, World.Rows).Select(_ => new Versions())];

    /// <summary>By node: writes that the others need not show before the node has reached them.</summary>
    private readonly List<Unheard>[] _unheard = [.. Enumerable.Range(0, nodes).Select(_ => new List<Unheard>())];

    /// <summary>By node: when it could reach only a primary that had been replaced.</summary>
    private readonly List<Span>[] _isolated = [.. Enumerable.Range(0, nodes).Select(_ => new List<Span>())];

    public Tally Tally { get; } = new();

    /// <summary>Judges a call, and remembers what its client was told.</summary>
    /// <returns>How it broke the promise; null when it kept it. Of several rows the first.</returns>
    public Broken? Take(Operation call)
    {
        var broken = call.Failure is not null ? new Broken(BrokenKind.NoAnswer, call)
            : call.Foreign is not null ? new Broken(BrokenKind.Foreign, call)
            : call.Kind is OperationKind.Write ? Acknowledge(call)
            : Read(call);
        if (broken is not null)
            Tally.Count(broken);
        return broken;
    }

    /// <summary>From then on a node can reach only a primary that has been replaced and still accepts writes.</summary>
    public void Isolate(int node, long from) => _isolated[node].Add(new Span(from, long.MaxValue));

    /// <summary>That primary has been seen to refuse writes, or the node to be cut off from it: what it has answered is good for MaxStaleness.</summary>
    public void EndIsolation(int node, long at) => _isolated[node][^1] = _isolated[node][^1] with { Until = at + maxStaleness };

    /// <summary>The node has been killed: nobody vouches for what only its former life knew.</summary>
    public void Restarted(int node)
    {
        _unheard[node].Clear();
        for (var row = 0; row < World.Rows; row++)
            _toldInLife[node, row]?.Clear();
    }

    private Broken? Acknowledge(Operation write)
    {
        var (row, version) = (write.First, write.Versions[0]);
        if (version == 0)
            return new Broken(BrokenKind.Missing, write, row);
        Tally.Writes++;
        if (write.IsPending)
            Tally.Pending++;
        else if (write.Client >= 0)
            (_toldTo[write.Client, row] ??= new()).Add(write.End, version); // what is pending is promised to nobody but its node

        if (IsExcusedAsPending(write) || IsExcusedAsUnheard(write))
        {
            (_toldInLife[write.Node, row] ??= new()).Add(write.End, version);
            _unheard[write.Node].Add(new Unheard(row, version, write.End));
            Tally.Unheard++;
        }
        else
        {
            (_toldBy[write.Node, row] ??= new()).Add(write.End, version);
            _settled[row].Add(write.End, version);
        }

        return null;
    }

    private Broken? Read(Operation read)
    {
        Tally.Reads += read.Versions.Length;
        Tally.Loads += read.Loads;
        if (read.IsHit)
            Hear(read);

        var isExcused = false;
        for (var i = 0; i < read.Versions.Length; i++)
        {
            var (row, shown) = (read.First + i, read.Versions[i]);
            if (shown == 0)
                return new Broken(BrokenKind.Missing, read, row);
            if (IsTooOld(shown, read.Client < 0 ? null : _toldTo[read.Client, row], read.Begin, out var required))
                return new Broken(BrokenKind.OwnWrite, read, row, shown, required);
            if (IsTooOld(shown, _toldBy[read.Node, row], read.Begin, out required))
                return new Broken(BrokenKind.WriteOfTheNode, read, row, shown, required);
            if (IsTooOld(shown, _toldInLife[read.Node, row], read.Begin, out required))
                return new Broken(BrokenKind.PendingWrite, read, row, shown, required);
            if (!IsTooOld(shown, _settled[row], read.Begin - maxStaleness, out required))
                continue;
            if (!IsExcusedAsIsolated(read))
                return new Broken(BrokenKind.Stale, read, row, shown, required);
            isExcused = true;
        }

        if (isExcused)
            Tally.Excused++;
        return null;
    }

    private static bool IsTooOld(long shown, Versions? told, long at, out long required)
    {
        required = 0;
        return told is not null && shown < told.Highest && shown < (required = told.At(at));
    }

    // A node that answers from memory is in contact, so whatever waited there is logged: from now on the others have MaxStaleness.
    private void Hear(Operation hit)
    {
        var unheard = _unheard[hit.Node];
        if (unheard.Count == 0 || IsIsolated(hit))
            return;
        unheard.RemoveAll(write =>
        {
            // Contact is that of the log in which the row is touched.
            if (World.TenantOf(write.Row) != World.TenantOf(hit.First) || write.Since >= hit.Begin)
                return false;
            _settled[write.Row].Add(hit.End, write.Version);
            return true;
        });
    }

    // "Not promised: … writes reported pending." Its own node answers for them (C14).
    private static bool IsExcusedAsPending(Operation write) => write.IsPending;

    // What only an isolated old primary has logged "reaches the other nodes when its writer reaches the new one".
    private bool IsExcusedAsUnheard(Operation write) => IsIsolated(write);

    // "Nodes that can reach only an isolated old primary may be stale until it refuses writes."
    private bool IsExcusedAsIsolated(Operation read) => IsIsolated(read);

    private bool IsIsolated(Operation call)
    {
        foreach (var span in _isolated[call.Node])
        {
            if (call.End >= span.From && call.Begin <= span.Until)
                return true;
        }

        return false;
    }

    private readonly record struct Unheard(int Row, long Version, long Since);

    private readonly record struct Span(long From, long Until);
}
