using Freshet.TestServers;

namespace Freshet.History.Scenarios;

/// <summary>Redis Cluster changes under the nodes.</summary>
internal static class Clusters
{
    public static Scenario[] All { get; } =
    [
        new("cluster", Topology.Cluster, stage => stage.HoldAsync(3)) { LosesContact = false },
        new("cluster-failover", Topology.Cluster, FailOverAsync) { BeginsEpochs = true },
        new("cluster-migration", Topology.Cluster, MigrateAsync) { LosesContact = false },
    ];

    private static async Task FailOverAsync(Stage stage)
    {
        var cluster = stage.Cluster!;
        var (old, _) = await AnyWithLogsAsync(stage);
        stage.Note($"kill -9 of the primary on {old.Port}");
        await old.KillAsync();
        await Stage.UntilAsync(async () =>
        {
            var others = cluster.Nodes.Where(n => n != old).ToArray();
            foreach (var other in others)
            {
                if (!(await other.CliAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal))
                    return false;
            }

            return (await Task.WhenAll(others.Select(LeadsAsync))).Count(leads => leads) == 3;
        });
        stage.Note("its replica leads");
        await stage.UntilHitsAsync();
        await old.RestartAsync();
        await Stage.UntilAsync(async () => (await old.CliAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal));
        stage.Note("the old one follows it");
    }

    // The slot of one log, while it is appended to: before, between and after its keys go.
    private static async Task MigrateAsync(Stage stage)
    {
        var (from, keys) = await AnyWithLogsAsync(stage);
        var slot = await from.CliAsync("CLUSTER", "KEYSLOT", keys[stage.Dice.Next(keys.Length)]);
        RedisServer to;
        do
            to = await AnyPrimaryAsync(stage);
        while (to == from);
        var (fromId, toId) = (await from.CliAsync("CLUSTER", "MYID"), await to.CliAsync("CLUSTER", "MYID"));

        stage.Note($"slot {slot} begins to go from {from.Port} to {to.Port}");
        await to.CliAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
        await from.CliAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
        await stage.HoldAsync(stage.Dice.NextDouble() / 2);
        while ((await from.CliAsync("CLUSTER", "GETKEYSINSLOT", slot, "100")).Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } left)
        {
            foreach (var key in left)
                await from.CliAsync("MIGRATE", "127.0.0.1", $"{to.Port}", key, "0", "5000");
        }

        stage.Note("its keys have gone");
        await stage.HoldAsync(stage.Dice.NextDouble() / 2);
        await to.CliAsync("CLUSTER", "SETSLOT", slot, "NODE", toId);
        await from.CliAsync("CLUSTER", "SETSLOT", slot, "NODE", toId);
        stage.Note("it has gone");
        await stage.HoldAsync(1.5);
    }

    private static async Task<(RedisServer Node, string[] Logs)> AnyWithLogsAsync(Stage stage)
    {
        while (true)
        {
            var node = await AnyPrimaryAsync(stage);
            if ((await node.CliAsync("KEYS", "*:L")).Split('\n', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } logs)
                return (node, logs);
        }
    }

    private static async Task<RedisServer> AnyPrimaryAsync(Stage stage)
    {
        while (true)
        {
            var node = stage.Cluster!.Nodes[stage.Dice.Next(stage.Cluster.Nodes.Count)];
            if (await LeadsAsync(node))
                return node;
        }
    }

    private static async Task<bool> LeadsAsync(RedisServer node) => (await node.CliAsync("ROLE")).StartsWith("master", StringComparison.Ordinal);
}
