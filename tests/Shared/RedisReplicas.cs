using System.Globalization;

namespace Freshet.TestServers;

/// <summary>A primary with a replica, and sentinels that watch it when they are asked for.</summary>
public sealed class RedisReplicas : IAsyncDisposable
{
    /// <summary>The name by which the sentinels know the primary.</summary>
    public const string Service = "main";

    private readonly List<RedisServer> _servers = [];

    private RedisReplicas()
    {
    }

    /// <summary>The primary as it was started; a failover does not change what this says.</summary>
    public RedisServer Primary => _servers[0];

    public RedisServer Replica => _servers[1];

    public IReadOnlyList<RedisServer> Sentinels => _servers[2..];

    /// <summary>As applications name it: the sentinels, or the primary when there are none.</summary>
    public string Address => Sentinels.Count == 0
        ? Primary.Address
        : $"redis://{string.Join(',', Sentinels.Select(s => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{s.Port}")))}?sentinel={Service}";

    /// <summary>Starts them, and waits until the replica follows and the sentinels know each other.</summary>
    /// <param name="sentinels">How many sentinels; 0, or 3 to let them decide by majority.</param>
    /// <param name="downAfter">Milliseconds without an answer after which a sentinel thinks that the primary is down.</param>
    /// <param name="arguments">More settings of the primary and the replica.</param>
    public static async Task<RedisReplicas> StartAsync(int sentinels = 0, int downAfter = 1000, params string[] arguments)
    {
        var all = new RedisReplicas();
        try
        {
            // Small delays, so that a failover takes as long as the tests need and no longer.
            string[] settings = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1", .. arguments];
            all._servers.Add(await RedisServer.StartAsync(settings));
            var port = all.Primary.Port.ToString(CultureInfo.InvariantCulture);
            all._servers.Add(await RedisServer.StartAsync([.. settings, "--replicaof", "127.0.0.1", port]));
            await all.Replica.SaidAsync("sync: Finished with success");
            for (var i = 0; i < sentinels; i++)
                all._servers.Add(await StartSentinelAsync(port, quorum: (sentinels / 2) + 1, downAfter));
            // They find each other and the replica through the primary.
            foreach (var sentinel in all.Sentinels)
            {
                await sentinel.SaidAsync("+slave");
                foreach (var other in all.Sentinels.Where(o => o != sentinel))
                    await sentinel.SaidAsync(string.Create(CultureInfo.InvariantCulture, $" 127.0.0.1 {other.Port} @ {Service}"));
            }

            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Enumerable.Reverse(_servers))
            await server.DisposeAsync();
    }

    private static Task<RedisServer> StartSentinelAsync(string primary, int quorum, int downAfter) => RedisServer.StartAsync(
        folder => File.WriteAllText(
            Path.Combine(folder, "sentinel.conf"),
            string.Create(CultureInfo.InvariantCulture, $"""
                bind 127.0.0.1
                sentinel monitor {Service} 127.0.0.1 {primary} {quorum}
                sentinel down-after-milliseconds {Service} {downAfter}
                sentinel failover-timeout {Service} {5 * downAfter}
                """)),
        "{folder}/sentinel.conf",
        "--sentinel",
        "--port",
        "{port}");
}
