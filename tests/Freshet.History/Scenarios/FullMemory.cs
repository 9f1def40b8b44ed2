namespace Freshet.History.Scenarios;

/// <summary>Redis has no room.</summary>
internal static class FullMemory
{
    public static Scenario[] All { get; } =
    [
        new("eviction", Topology.Single, EvictAsync) { LosesContact = false, BeginsEpochs = true },
        new("out-of-memory", Topology.Single, RefuseAsync),
    ];

    private static async Task EvictAsync(Stage stage)
    {
        // What others put there presses out what is older; the logs are always young. At random nothing is spared.
        foreach (var policy in (string[])["allkeys-lru", "allkeys-random"])
        {
            stage.Note($"Redis is full, {policy}");
            await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory-policy", policy);
            await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory", "4mb");
            for (var i = 0; i < 8; i++)
            {
                await stage.Primary.CliAsync("DEBUG", "POPULATE", "40", $"fill{stage.Dice.Next()}", "100000");
                await stage.HoldAsync(0.2);
            }
        }

        await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory", "0");
        stage.Note("Redis has room again");
    }

    private static async Task RefuseAsync(Stage stage)
    {
        stage.Note("Redis is full, noeviction");
        await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory-policy", "noeviction");
        await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory", "1mb");
        await stage.HoldAsync(3, brief: 2);
        await stage.Primary.CliAsync("CONFIG", "SET", "maxmemory", "0");
        stage.Note("Redis has room again");
    }
}
