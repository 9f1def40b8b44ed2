namespace Freshet.Simulation;

/// <summary>
/// A deterministic scheduler: each step picks something that may happen and lets it happen. The seed decides all of it.
/// </summary>
internal sealed class Scheduler
{
    public const int MaxNodes = 4;
    private const int ClientCount = 5;

    private readonly Setup _setup;
    private readonly World _world = World.Instance;
    private readonly IReadOnlyList<Key>[] _keysOf;
    private readonly Delivery _delivery;
    private readonly Trace? _trace;
    private long _attempt;

    public Scheduler(Setup setup, Rules rules, bool trace = false)
    {
        _setup = setup;
        Rules = rules;
        Profile = setup.Profile;
        Random = new Prng(setup.Seed);
        Coverage = new Coverage();
        Promise = new Promise(Profile.MaxStaleness);
        Network = new Network(Random, Profile, Coverage);
        _trace = trace ? new Trace() : null;
        Faults = new Faults(this, setup.IsEmbedded);
        Writes = new Writes(this);
        _delivery = new Delivery(this);
        Clients = [.. Enumerable.Range(0, ClientCount).Select(i => new Client(i, i switch { ClientCount - 1 => Client.NoLog, ClientCount - 2 => 2, _ => 0 }))];
        _keysOf = [.. Enumerable.Range(0, _world.LogCount).Select(log => _world.Keys.Where(k => k.Logs[0] == log || k.Logs[0] == World.Public).ToArray())];
        Nodes = [.. Enumerable.Range(0, setup.Nodes).Select(i => NewNode(i, life: 1))];
    }

    public Rules Rules { get; }

    public Profile Profile { get; }

    public Prng Random { get; }

    public Coverage Coverage { get; }

    public Promise Promise { get; }

    public Network Network { get; }

    public Faults Faults { get; }

    public Writes Writes { get; }

    public SimNode[] Nodes { get; }

    public Client[] Clients { get; }

    /// <summary>The rows of the database: their versions.</summary>
    public int[] Rows { get; } = new int[World.Instance.RowCount];

    public long Now { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Runs that many steps. A broken promise is traced by running again up to it.</summary>
    /// <exception cref="PromiseBrokenException">With the seed, the step and the last events.</exception>
    public void Run(long steps)
    {
        try
        {
            for (var i = 0L; i < steps; i++)
                Step();
        }
        catch (PromiseBrokenException broken) when (_trace is null)
        {
            throw new PromiseBrokenException($"{_setup} breaks at step {Steps}: {broken.Message}{TraceAgain()}");
        }
    }

    public long NextAttempt() => ++_attempt;

    /// <summary>Counts an event and, when traced, notes it.</summary>
    /// <param name="e">What happened.</param>
    /// <param name="node">On which node.</param>
    /// <param name="about">Which key, log or number of rows, as the event has it.</param>
    public void Note(Event e, int node, int about)
    {
        Coverage.Count(e);
        _trace?.Note(Steps, Now, node, e, about);
    }

    public SimNode AnyNode() => Nodes[Random.Below(Nodes.Length)];

    /// <summary>A node that has just been started.</summary>
    public SimNode NewNode(int index, int life) =>
        new(this, index, life, Random.Below(1_000_000) - 500_000L, _setup.IsEmbedded);

    private void Step()
    {
        Steps++;

        // Only what happens counts as a step.
        while (!TryStep(Random.Below(100)))
        {
        }

        // Faults are drawn apart, at their own rate.
        if ((Random.Next() & 7) == 0)
            Faults.Step();
    }

    private bool TryStep(int what)
    {
        if (what < 30)
            return _delivery.Step();
        if (what < 60)
            return NodeWithLoads() is { } node && node.StepLoad(Random);
        if (what < 74)
            return NodeWithWaiting() is { } waiting && waiting.StepRequest(Random);
        if (what < 82)
            return BeginRequest();
        if (what < 87)
            return Writes.Step();
        if (what < 94)
            Advance();
        else
            return Maintain();
        return true;
    }

    private void Advance()
    {
        Now += 1 + Random.Below(4);
        Network.Advance(Now);
    }

    private SimNode? NodeWithLoads()
    {
        var first = Random.Below(Nodes.Length);
        for (var i = 0; i < Nodes.Length; i++)
        {
            if (Nodes[(first + i) % Nodes.Length] is { HasLoads: true } node)
                return node;
        }

        return null;
    }

    private SimNode? NodeWithWaiting()
    {
        var first = Random.Below(Nodes.Length);
        for (var i = 0; i < Nodes.Length; i++)
        {
            if (Nodes[(first + i) % Nodes.Length] is { HasWaiting: true } node)
                return node;
        }

        return null;
    }

    private bool BeginRequest()
    {
        var node = AnyNode();
        if (node.IsBusy)
            return false;
        var client = Clients[Profile.IsSticky && node.Index > 0 ? 1 + Random.Below(ClientCount - 1) : Random.Below(ClientCount)];
        // Whoever has no tenant yet, or administers others, reads all.
        var keys = client.Log == Client.NoLog || Random.Below(8) == 0 ? _world.Keys : _keysOf[client.Log];
        var key = keys[Random.Below(keys.Count)];
        node.Begin(client, key, ambient: !key.HasNested && Random.Chance(Profile.Ambient));
        return true;
    }

    private bool Maintain()
    {
        var node = AnyNode();
        return !node.IsEmbedded && node.Link.Maintain();
    }

    private Trace TraceAgain()
    {
        var again = new Scheduler(_setup, Rules, trace: true);
        try
        {
            again.Run(Steps);
        }
        catch (PromiseBrokenException)
        {
            // The same again: that is what the seed is for.
        }

        return again._trace!;
    }
}
