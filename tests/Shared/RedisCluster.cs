using System.Globalization;

namespace Freshet.TestServers;

/// <summary>A cluster of three primaries, each with a replica.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Primaries = 3;

    private readonly List<RedisServer> _nodes = [];

    private RedisCluster()
    {
    }

    /// <summary>All six; the first three were started as primaries, the slots in their order.</summary>
    public IReadOnlyList<RedisServer> Nodes => _nodes;

    /// <summary>As applications name it.</summary>
    public string Address => $"redis://{string.Join(',', _nodes.Select(n => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{n.Port}")))}?cluster=true";

    /// <summary>Starts it, and waits until every node serves and every replica follows.</summary>
    /// <param name="nodeTimeout">Milliseconds without an answer after which a node counts as down.</param>
    /// <param name="arguments">More settings of each node.</param>
    public static async Task<RedisCluster> StartAsync(int nodeTimeout = 2000, params string[] arguments)
    {
        var cluster = new RedisCluster();
        try
        {
            for (var i = 0; i < 2 * Primaries; i++)
            {
                cluster._nodes.Add(await RedisServer.StartAsync([
                    "--cluster-enabled", "yes", "--cluster-node-timeout", nodeTimeout.ToString(CultureInfo.InvariantCulture),
                    "--repl-diskless-sync-delay", "0", .. arguments,
                ]));
            }

            string[] nodes = [.. cluster._nodes.Select(n => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{n.Port}"))];
            await cluster._nodes[0].CliAsync(["--cluster", "create", .. nodes, "--cluster-replicas", "1", "--cluster-yes"]);
            foreach (var node in cluster._nodes)
                await node.SaidAsync("Cluster state changed: ok");
            foreach (var replica in cluster._nodes.Skip(Primaries))
                await replica.SaidAsync("sync: Finished with success");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }
}
