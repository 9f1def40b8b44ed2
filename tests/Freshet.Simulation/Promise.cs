namespace Freshet.Simulation;

/// <summary>The promise was broken.</summary>
internal sealed class PromiseBrokenException(string message) : Exception(message);

/// <summary>
/// The model of the promise, kept simple and apart from the protocol: what was acknowledged to whom, where and when, and
/// from that the oldest version of each row that an answer may show.
/// </summary>
internal sealed class Promise(int maxStaleness)
{
    /// <summary>The version of a row that an answer does not show.</summary>
    public const int NotShown = int.MaxValue;

    private readonly World _world = World.Instance;

    /// <summary>By node and row: the newest version acknowledged there.</summary>
    private readonly int[][] _acknowledgedAt = Table();

    /// <summary>The same for writes that only the running life of the node vouches for.</summary>
    private readonly int[][] _acknowledgedInLife = Table();

    /// <summary>By row: the newest version acknowledged anywhere at least MaxStaleness ago, and what waits to become it.</summary>
    private readonly int[] _settled = new int[World.Instance.RowCount];
    private readonly Queue<(long At, int Version)>[] _settling = Queues();

    /// <summary>By node: requests that began before this moment may have met a primary that had been replaced.</summary>
    private readonly long[] _isolatedUntil = new long[Scheduler.MaxNodes];

    /// <summary>How many answers were judged.</summary>
    public long Judged { get; private set; }

    /// <summary>Notes what an answer to a request must show at least.</summary>
    public void Require(Request request, Client client, long now)
    {
        var rows = request.Key.Rows;
        var here = new int[rows.Length];
        var everywhere = new int[rows.Length];
        var node = request.Node.Index;
        for (var i = 0; i < rows.Length; i++)
        {
            var row = rows[i];
            // On any node what the client has seen acknowledged; on the writing node what anybody has.
            here[i] = Math.Max(client.Seen[row], Math.Max(_acknowledgedAt[node][row], _acknowledgedInLife[node][row]));
            everywhere[i] = Math.Max(Settled(row, now), client.SeenUntold[row]);
        }

        request.RequiredHere = here;
        request.RequiredEverywhere = everywhere;
    }

    /// <summary>Judges an answer.</summary>
    public void Check(Request request, int[] values, bool isIsolated, bool isFresh, bool holdsStale)
    {
        Judged++;
        var excused = isIsolated || IsExcusedAsIsolated(request);
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] < request.RequiredHere[i])
                Broken(request, i, values[i], request.RequiredHere[i], values[i] < request.Client!.Seen[request.Key.Rows[i]] ? "that this client saw acknowledged" : "acknowledged on this node");
            if (values[i] < request.RequiredEverywhere[i] && !excused)
                Broken(request, i, values[i], request.RequiredEverywhere[i], "acknowledged more than MaxStaleness before");
        }

        if (isFresh && holdsStale)
            throw new PromiseBrokenException($"{request.Key.Name} on node {request.Node.Index}: given as fresh, made from something stale by age");
    }

    /// <summary>A write was acknowledged to its client as logged.</summary>
    /// <param name="write">The write.</param>
    /// <param name="isTold">Whether its client was told the positions; else all nodes show it, but for those that are isolated.</param>
    /// <param name="now">When.</param>
    public void Acknowledge(Write write, bool isTold, long now)
    {
        var node = write.Node.Index;
        for (var i = 0; i < write.Versions.Length; i++)
        {
            var row = write.Change.Rows[i];
            if (isTold || !IsExcusedAsUnheard(write))
                Raise(isTold ? write.Client.Seen : write.Client.SeenUntold, row, write.Versions[i]);
            Raise(OnlyThisLifeVouches(write) ? _acknowledgedInLife[node] : _acknowledgedAt[node], row, write.Versions[i]);
        }

        if (!IsExcusedAsUnheard(write))
            Spread(write, now);
    }

    /// <summary>A write was reported pending: only its own node answers for it.</summary>
    public void AcknowledgePending(Write write)
    {
        for (var i = 0; i < write.Versions.Length; i++)
            Raise(_acknowledgedInLife[write.Node.Index], write.Change.Rows[i], write.Versions[i]);
    }

    /// <summary>From now on the other nodes have MaxStaleness to show a write.</summary>
    public void Spread(Write write, long now)
    {
        for (var i = 0; i < write.Versions.Length; i++)
            _settling[write.Change.Rows[i]].Enqueue((now, write.Versions[i]));
    }

    /// <summary>A node starts again: nobody vouches for what only its former life knew.</summary>
    public void Restarted(int node) => Array.Clear(_acknowledgedInLife[node]);

    /// <summary>Until then a node could reach only a primary that had been replaced and still accepted writes.</summary>
    public void Isolated(int node, long until) => _isolatedUntil[node] = Math.Max(_isolatedUntil[node], until);

    /// <summary>C11: what is stored never steps back.</summary>
    public void NeverStepsBack(long fence, long ticket, long storedFence, long storedTicket)
    {
        if (fence < storedFence || (fence == storedFence && ticket <= storedTicket))
            throw new PromiseBrokenException($"an entry of ({fence}, {ticket}) replaced one of ({storedFence}, {storedTicket})");
    }

    /// <summary>C5: at most two loads of a key run at once on a node.</summary>
    public void AtMostTwoLoads(Key key, int node, int running)
    {
        if (running > 2)
            throw new PromiseBrokenException($"{running} loads of {key.Name} run at once on node {node}");
    }

    // "Nodes that can reach only an isolated old primary may be stale until it refuses writes."
    private bool IsExcusedAsIsolated(Request request) => request.BeganAt <= _isolatedUntil[request.Node.Index];

    // The others cannot hear of what only an isolated old primary logged, until the writer reaches the new one.
    private static bool IsExcusedAsUnheard(Write write) => write.ThroughDeposed;

    // Pending writes are not promised; nor does anyone but its node know of what only an isolated old primary logged.
    private static bool OnlyThisLifeVouches(Write write) => write.WasPending || write.ThroughDeposed;

    private static void Raise(int[] versions, int row, int version) => versions[row] = Math.Max(versions[row], version);

    private int Settled(int row, long now)
    {
        var settling = _settling[row];
        while (settling.TryPeek(out var next) && now - next.At >= maxStaleness)
        {
            settling.Dequeue();
            Raise(_settled, row, next.Version);
        }

        return _settled[row];
    }

    private void Broken(Request request, int index, int shown, int required, string promise) => throw new PromiseBrokenException(
        $"{request.Key.Name} on node {request.Node.Index}: row {request.Key.Rows[index]} of {_world.Tenants[request.Key.Rows[index] / World.RowsPerLog]} shown at version {shown}, but version {required} was {promise} the request began");

    private static int[][] Table() => [.. Enumerable.Range(0, Scheduler.MaxNodes).Select(_ => new int[World.Instance.RowCount])];

    private static Queue<(long At, int Version)>[] Queues() =>
        [.. Enumerable.Range(0, World.Instance.RowCount).Select(_ => new Queue<(long, int)>())];
}
