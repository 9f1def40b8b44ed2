namespace Freshet.History.Scenarios;

/// <summary>A single server that dies, stands still, and comes back.</summary>
internal static class Restarts
{
    public static Scenario[] All { get; } =
    [
        new("restart-empty", Topology.Single, RestartEmptyAsync) { BeginsEpochs = true },
        new("restart-twice", Topology.Single, RestartTwiceAsync) { BeginsEpochs = true },
        new("restart-snapshot", Topology.Single, RestartFromSnapshotAsync) { BeginsEpochs = true },
        new("stopped", Topology.Single, StopAsync),
    ];

    private static async Task RestartEmptyAsync(Stage stage)
    {
        stage.Note("kill -9 of Redis");
        await stage.Primary.KillAsync();
        await stage.HoldAsync(0.2 + stage.Dice.NextDouble());
        await stage.Primary.RestartAsync();
        stage.Note("Redis is back, empty");
    }

    // The second one comes while nodes are adopting the first one's epochs.
    private static async Task RestartTwiceAsync(Stage stage)
    {
        await RestartEmptyAsync(stage);
        await stage.HoldAsync(stage.Dice.NextDouble() / 2);
        stage.Note("kill -9 of Redis again");
        await stage.Primary.RestartAsync();
        stage.Note("Redis is back, empty");
    }

    private static async Task RestartFromSnapshotAsync(Stage stage)
    {
        await stage.Primary.CliAsync("SAVE");
        stage.Note("Redis has saved");
        await stage.HoldAsync(1);
        stage.Note("kill -9 of Redis");
        await stage.Primary.RestartAsync();
        stage.Note("Redis is back, as it had saved");
    }

    private static async Task StopAsync(Stage stage)
    {
        stage.Note("SIGSTOP of Redis");
        await stage.Primary.PauseAsync();
        await stage.HoldAsync(10, brief: 2.5);
        await stage.Primary.ContinueAsync();
        stage.Note("SIGCONT");
    }
}
