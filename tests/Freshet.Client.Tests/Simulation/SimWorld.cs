using Freshet.Simulation;

namespace Freshet.Client.Tests.Simulation;

/// <summary>What must have happened in a run for it to prove anything.</summary>
internal enum SimEvent
{
    AnsweredWithoutACall, AnsweredByACall, NotModified, AnswerLost, AskedOutOfContact, OwnWriteFetchedOnce, FirstLoadNotAskedTwice,
    PlaceTold, PlaceWithheld, MustLoad, TouchedDuringLoad, Followed, FollowedThoughTouched,
    Acknowledged, AcknowledgedInTwoLogs, AcknowledgedPending, WrittenByAGet, WrittenBehindTheHead, AnswerCutOff, EverythingTouched, UnansweredBeforeItsCommit, UnansweredAfterItsCommit,
    Told, MessageMerged, Heartbeat, Resumed, NotResumed, Resync, ResyncTrimmed, ResyncEpoch, Damaged, Cut, SilenceEndedAConnection,
    Slept, ClientBegan, Restarted, EpochBegan,
}

/// <summary>One seeded run: decides the order of everything that clients, server, network and clocks do. No thread but the caller's.</summary>
internal sealed class SimWorld
{
    private readonly SimClient[] _clients;
    private readonly long[] _counts = new long[Enum.GetValues<SimEvent>().Length];
    private readonly int _maxEntries;
    private readonly int _leaving;
    private int _asked; // what all ask for just now

    public SimWorld(ulong seed, Rules rules)
    {
        Random = new Prng(seed);
        Rules = rules;
        Server = new SimServer(nodes: 1 + (int)(seed % 2));
        _maxEntries = seed % 3 == 0 ? 3 : 100;
        _leaving = seed % 4 == 0 ? 500 : 80;
        _clients = [.. Enumerable.Range(0, 3).Select(_ => Begin())];
    }

    public Prng Random { get; }

    public Rules Rules { get; }

    public SimServer Server { get; }

    public List<SimJob> Jobs { get; } = [];

    /// <summary>How many steps were taken.</summary>
    public long Now { get; private set; }

    /// <summary>How the promise was broken first; null while it holds.</summary>
    public string? Broken { get; private set; }

    public IReadOnlyList<long> Counts => _counts;

    public void Count(SimEvent happened) => _counts[(int)happened]++;

    public void Break(string how) => Broken ??= $"step {Now}: {how}";

    /// <summary>Runs until so many steps were taken, or the promise is broken.</summary>
    public void Run(long steps)
    {
        // What a client awaits goes on within the call that ends it, and nowhere else.
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            while (Now < steps && Broken is null)
            {
                Now++;
                Step();
            }

            foreach (var client in _clients)
                client.Dispose();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private SimClient Begin()
    {
        Count(SimEvent.ClientBegan);
        return new SimClient(this, _maxEntries);
    }

    private void Step()
    {
        var client = _clients[Random.Below(_clients.Length)];
        var node = Server.Nodes[Random.Below(Server.Nodes.Length)];
        switch (Random.Below(1000))
        {
            case < 130:
                client.Get(Random.Below(2) == 0 ? Random.Below(SimWords.Answers) : _asked);
                break;
            case < 145:
                client.Write(Random.Below(6) == 0 ? HttpMethod.Get : HttpMethod.Post, Rows());
                break;
            case < 620:
                Go();
                break;
            case < 680:
                node.ApplyNext(Random.Below(2));
                break;
            case < 760:
                client.Connection?.Tell();
                break;
            case < 860:
                client.Hear();
                break;
            case < 885:
                client.Connection?.Beat();
                break;
            case < 940:
                if (client.Connection is null or { Line.IsClosed: true })
                    client.Connect(node);
                break;
            case < 941:
                client.Connection?.Cut();
                break;
            case < 972:
                var time = TimeSpan.FromMilliseconds(Random.Below(Random.Below(80) == 0 ? 25_000 : 2_000));
                foreach (var each in _clients)
                    each.Pass(time);
                break;
            default:
                Rarely(client);
                break;
        }
    }

    private string Rows()
    {
        var row = Random.Below(SimWords.Rows);
        return Random.Below(20) switch { 0 => "all", < 5 => $"{row}{(row + 1 + Random.Below(SimWords.Rows - 1)) % SimWords.Rows}", _ => $"{row}" };
    }

    private void Go()
    {
        if (Jobs.Count == 0)
            return;
        var job = Jobs[Random.Below(Jobs.Count)];
        if (job.Step())
            Jobs.Remove(job);
    }

    private void Rarely(SimClient client)
    {
        _asked = Random.Below(SimWords.Answers);
        switch (Random.Below(1000))
        {
            case < 8:
                Count(SimEvent.Restarted);
                Server.BeginEpoch(0);
                Server.BeginEpoch(1);
                foreach (var job in Jobs.ToArray())
                    job.Restart();
                foreach (var each in _clients)
                    each.Connection?.Cut();
                break;
            case < 20:
                Count(SimEvent.EpochBegan);
                Server.BeginEpoch(Random.Below(2));
                break;
            case < 30:
                Count(SimEvent.Slept);
                client.Clock.Sleep(TimeSpan.FromSeconds(5 + Random.Below(40)));
                break;
            case < 36 when client.Connection is { } connection:
                connection.IsStalled = true;
                break;
            case var n when n < _leaving:
                client.Dispose();
                _clients[Array.IndexOf(_clients, client)] = Begin();
                break;
        }
    }
}
