using System.Globalization;
using Freshet.History.Nodes;
using Freshet.History.Playing;
using Freshet.History.Servers;
using Freshet.TestServers;

namespace Freshet.History.Scenarios;

/// <summary>The servers and nodes of one scenario, and what it may do to them.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan ComesBackWithin = TimeSpan.FromSeconds(60);

    private readonly PlayOptions _options;
    private readonly Playing.History _history;
    private readonly List<TcpProxy> _proxies = [];
    private readonly List<NodeProcess> _nodes = [];
    private readonly List<RedisServer> _servers = [];
    private RedisReplicas? _watched;

    private Stage(PlayOptions options, Playing.History history) => (_options, _history, Dice) = (options, history, new Random(options.Seed));

    public Random Dice { get; }

    /// <summary>Whether it is the short form.</summary>
    public bool IsBrief => _options.IsBrief;

    public IReadOnlyList<NodeProcess> Nodes => _nodes;

    /// <summary>The numbers of the nodes.</summary>
    public int[] AllNodes => [.. Enumerable.Range(0, _nodes.Count)];

    /// <summary>By node: its way to Redis; none with Sentinel and Cluster.</summary>
    public IReadOnlyList<TcpProxy> Proxies => _proxies;

    public RedisServer Primary => _servers[0];

    public RedisServer Standby => _servers[1];

    /// <summary>The way of the replica to the primary.</summary>
    public TcpProxy Replication { get; private set; } = null!;

    public RedisCluster? Cluster { get; private set; }

    /// <summary>Ends when clients have failed in a way that they may not.</summary>
    public Task Ended { get; set; } = Task.CompletedTask;

    public static async Task<Stage> StartAsync(Scenario scenario, PlayOptions options, string database, Playing.History history)
    {
        var stage = new Stage(options, history);
        try
        {
            var address = await stage.StartRedisAsync(scenario);
            for (var i = 0; i < options.Nodes; i++)
            {
                var node = new NodeOptions
                {
                    Redis = address(i),
                    Database = database,
                    MaxStaleness = options.MaxStaleness,
                    Seed = options.Seed + i,
                    Plant = options.PlantOn(i),
                };
                stage._nodes.Add(new NodeProcess(i, node));
            }

            await Task.WhenAll(stage._nodes.Select(n => n.StartAsync()));
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public int AnyNode() => Dice.Next(_nodes.Count);

    public void Note(string what) => _history.Note(what);

    /// <summary>Lets things be as they are.</summary>
    /// <param name="seconds">For how long.</param>
    /// <param name="brief">In the short form.</param>
    public async Task HoldAsync(double seconds, double? brief = null)
    {
        var hold = Task.Delay(TimeSpan.FromSeconds(_options.IsBrief ? brief ?? seconds : seconds), TimeProvider.System);
        if (await Task.WhenAny(hold, Ended) != hold)
            await Ended;
    }

    /// <summary>Waits until every node has answered from memory something that was asked from now on.</summary>
    public async Task UntilHitsAsync()
    {
        var (from, until) = (Playing.History.Now, Playing.History.Now + Playing.History.Ticks(ComesBackWithin));
        var have = false;
        while (!have)
        {
            if (Playing.History.Now > until)
                throw new StageException($"Not every node answers from memory again within {ComesBackWithin.TotalSeconds:F0} s. {string.Join("; ", _nodes.Select(n => n.LastLines()))}");
            await HoldAsync(0.02);
            _history.Read((_, watch) => have = watch.HaveHit(_nodes.Where(n => n.Running is not null).Select(n => n.Index), from));
        }
    }

    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var until = Playing.History.Now + Playing.History.Ticks(ComesBackWithin);
        while (!await holds())
        {
            if (Playing.History.Now > until)
                throw new StageException("The servers did not come back.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    /// <summary>Leads nodes to a server: first all are cut off, so that no two of them are with two servers that both lead.</summary>
    public async Task MoveAsync(int[] nodes, RedisServer to, bool promote)
    {
        foreach (var node in nodes)
            _proxies[node].Cut();
        if (promote)
        {
            await to.CliAsync("REPLICAOF", "NO", "ONE");
            if (to != Primary)
                _servers.Reverse();
            Note($"the server on {to.Port} leads");
        }

        foreach (var node in nodes)
        {
            _proxies[node].Target = to.EndPoint;
            _proxies[node].Restore();
        }

        Note($"nodes {string.Join(", ", nodes)} are led to {to.Port}");
    }

    /// <summary>Makes a server the replica of another one, and waits until it is.</summary>
    public async Task FollowAsync(RedisServer follower, RedisServer leader)
    {
        Replication.Drop();
        Replication.Target = leader.EndPoint;
        Replication.Restore();
        await follower.CliAsync("REPLICAOF", "127.0.0.1", Replication.Port.ToString(CultureInfo.InvariantCulture));
        await UntilAsync(async () => (await follower.CliAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal));
        Note($"the server on {follower.Port} follows {leader.Port}");
    }

    public void Isolate(int node)
    {
        _history.Isolate(node);
        Note($"node {node} stays with the server on {Primary.Port}, which is about to be replaced");
    }

    public void EndIsolation(int node) => _history.EndIsolation(node);

    public async Task KillNodeAsync(int node)
    {
        Note($"kill -9 of node {node}");
        await _nodes[node].KillAsync();
        _history.Restarted(node);
    }

    public async Task StartNodeAsync(int node)
    {
        await _nodes[node].StartAsync();
        Note($"node {node} serves again");
    }

    public async Task<RedisServer> LeaderBySentinelAsync()
    {
        var said = await _watched!.Sentinels[0].CliAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisReplicas.Service);
        var port = int.Parse(said.Split('\n')[1], CultureInfo.InvariantCulture);
        return _watched.Primary.Port == port ? _watched.Primary : _watched.Replica;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var proxy in _proxies)
            await proxy.DisposeAsync();
        if (Replication is not null)
            await Replication.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (_watched is not null)
            await _watched.DisposeAsync();
        if (Cluster is not null)
            await Cluster.DisposeAsync();
    }

    /// <returns>The address that each node is given.</returns>
    private async Task<Func<int, string>> StartRedisAsync(Scenario scenario)
    {
        switch (scenario.Topology)
        {
            case Topology.Sentinel:
                _watched = await RedisReplicas.StartAsync(sentinels: 3, downAfter: 1000, scenario.Settings);
                return _ => _watched.Address;
            case Topology.Cluster:
                Cluster = await RedisCluster.StartAsync(arguments: scenario.Settings);
                return _ => Cluster.Address;
        }

        string[] settings = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", .. scenario.Settings];
        _servers.Add(await RedisServer.StartAsync(settings));
        if (scenario.Topology is Topology.Pair)
        {
            _servers.Add(await RedisServer.StartAsync(settings));
            Replication = new TcpProxy(Primary.EndPoint);
            await FollowAsync(Standby, Primary);
        }

        for (var i = 0; i < _options.Nodes; i++)
            _proxies.Add(new TcpProxy(Primary.EndPoint));
        return node => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{_proxies[node].Port}");
    }
}

/// <summary>The scenario could not be played: servers or nodes do not come back.</summary>
internal sealed class StageException(string message) : Exception(message);
