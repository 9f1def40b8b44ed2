namespace Freshet.History.Scenarios;

/// <summary>A replica takes over.</summary>
internal static class Failovers
{
    public static Scenario[] All { get; } =
    [
        new("failover", Topology.Pair, stage => FailOverAsync(stage, deaf: [])) { BeginsEpochs = true },
        new("lost-tail-unseen", Topology.Pair, stage => FailOverAsync(stage, stage.AllNodes)) { BeginsEpochs = true },
        new("lost-tail-seen-by-writer", Topology.Pair, stage => FailOverAsync(stage, stage.AllNodes[1..])) { BeginsEpochs = true },
        new("there-and-back", Topology.Pair, ThereAndBackAsync) { BeginsEpochs = true },
        new("isolated", Topology.Pair, stage => IsolateAsync(stage, refuses: false)) { BeginsEpochs = true },
        new("isolated-min-replicas", Topology.Pair, stage => IsolateAsync(stage, refuses: true)) { BeginsEpochs = true },
        new("sentinel", Topology.Sentinel, FailOverBySentinelAsync) { BeginsEpochs = true },
    ];

    // What the primary takes from the beginning on is lost with it. The deaf nodes hear nothing of that, nor what became of their own.
    private static async Task FailOverAsync(Stage stage, int[] deaf)
    {
        var old = stage.Primary;
        stage.Replication.Cut();
        foreach (var node in deaf)
            stage.Proxies[node].FreezeReplies();
        stage.Note($"the replica hears nothing more; nor do {deaf.Length} nodes");
        await stage.HoldAsync(0.3 + (stage.Dice.NextDouble() / 2));

        stage.Note("kill -9 of the primary");
        await old.KillAsync();
        await stage.MoveAsync(stage.AllNodes, stage.Standby, promote: true);
        await stage.HoldAsync(1);
        await old.RestartAsync();
        await stage.FollowAsync(old, stage.Primary);
    }

    private static async Task ThereAndBackAsync(Stage stage)
    {
        for (var way = 0; way < 2; way++)
        {
            var old = stage.Primary;
            await stage.MoveAsync(stage.AllNodes, stage.Standby, promote: true);
            await stage.FollowAsync(old, stage.Primary);
            await stage.HoldAsync(0.5 + stage.Dice.NextDouble());
        }
    }

    // Node 0 stays with the old primary, which knows nothing of the new one.
    private static async Task IsolateAsync(Stage stage, bool refuses)
    {
        var old = stage.Primary;
        if (refuses)
        {
            await old.CliAsync("CONFIG", "SET", "min-replicas-max-lag", "1");
            await old.CliAsync("CONFIG", "SET", "min-replicas-to-write", "1");
        }

        stage.Replication.Cut();
        stage.Isolate(0);
        await stage.MoveAsync(stage.AllNodes[1..], stage.Standby, promote: true);
        if (refuses)
        {
            while (!(await old.CliAsync("SET", "probe", "1")).Contains("NOREPLICAS", StringComparison.Ordinal))
                await stage.HoldAsync(0.02);
            stage.Note("the old primary refuses writes");
            stage.EndIsolation(0);
        }

        await stage.HoldAsync(3, brief: 2);
        await stage.MoveAsync([0], stage.Primary, promote: false);
        if (refuses)
            await old.CliAsync("CONFIG", "SET", "min-replicas-to-write", "0");
        else
            stage.EndIsolation(0);
        await stage.HoldAsync(1);
        await stage.FollowAsync(old, stage.Primary);
    }

    private static async Task FailOverBySentinelAsync(Stage stage)
    {
        var old = await stage.LeaderBySentinelAsync();
        stage.Note("kill -9 of the primary");
        await old.KillAsync();
        while (await stage.LeaderBySentinelAsync() == old)
            await stage.HoldAsync(0.05);
        stage.Note("the sentinels name another primary");
        await stage.UntilHitsAsync();
        await old.RestartAsync();
        await Stage.UntilAsync(async () => (await old.CliAsync("INFO", "replication")).Contains("master_link_status:up", StringComparison.Ordinal));
        stage.Note("the old one follows it");
    }
}
