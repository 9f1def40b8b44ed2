using System.Diagnostics;
using Freshet.History.Judging;
using Freshet.History.Nodes;
using Freshet.History.Scenarios;
using Freshet.TestServers;

namespace Freshet.History.Playing;

/// <summary>What came of a scenario.</summary>
internal sealed record PlayResult(
    Scenario Scenario, Tally Tally, int Rounds, int Calls, int LostContacts, int Epochs, TimeSpan LongestWithoutHit, TimeSpan Slowest, TimeSpan Took,
    IReadOnlyList<string> Evidence)
{
    /// <summary>Epochs that there are without any fault: one for each log.</summary>
    public const int FirstEpochs = World.Tenants + 1;

    /// <summary>Why the faults of the scenario cannot have been felt; null when they were.</summary>
    public string? Unfelt =>
        Scenario.LosesContact && LostContacts == 0 ? "no node lost contact"
        : Scenario.BeginsEpochs && Epochs <= FirstEpochs ? "no log began another epoch"
        : Tally.Writes == 0 ? "nothing was written"
        : null;
}

/// <summary>Plays a scenario: starts what it needs, lets the clients run, brings the faults about in rounds, until enough was read.</summary>
internal static class Play
{
    private const int MaxRounds = 8;

    public static async Task<PlayResult> RunAsync(Scenario scenario, PlayOptions options, PostgresServer postgres)
    {
        var started = Stopwatch.StartNew();
        var database = await postgres.CreateDatabaseAsync();
        await Rows.CreateAsync(database);

        await using var log = options.Log is null ? null : new StreamWriter(options.Log);
        var judge = new Judge(options.Nodes, options.Load.Sessions, History.Ticks(options.MaxStaleness));
        var history = new History(judge, options.Nodes, log);
        var stage = await Stage.StartAsync(scenario, options, database, history);
        await using var closing = stage.ConfigureAwait(false);
        int[] writable = [.. stage.AllNodes.Where(n => options.PlantOn(n) is not Plant.NeverHear)];
        await using var load = new Load(stage.Nodes, writable, history, options.Load, options.Seed);
        stage.Ended = load.Ended;

        await stage.UntilHitsAsync();
        var rounds = 0;
        var isEnough = false;
        while (rounds == 0 || history.Tally.Reads < options.Reads || (!isEnough && rounds < MaxRounds))
        {
            rounds++;
            history.Note($"round {rounds}");
            await scenario.Play(stage);
            await stage.UntilHitsAsync();
            // What the last fault has hidden shows until then.
            await stage.HoldAsync(options.MaxStaleness.TotalSeconds + 0.2);
            history.Read((tally, _) => isEnough = options.IsEnough(tally));
        }

        await load.StopAsync();
        var watch = history.Watch;
        return new PlayResult(
            scenario, history.Tally, rounds, watch.Calls, watch.LostContacts, watch.Epochs, Stopwatch.GetElapsedTime(0, watch.LongestWithoutHit),
            Stopwatch.GetElapsedTime(0, watch.Slowest), started.Elapsed, Evidence(history, stage));
    }

    private static string[] Evidence(History history, Stage stage) => history.Tally.Broken.Keys.Any(b => b.Kind is BrokenKind.NoAnswer)
        ? [.. history.Evidence, .. stage.Nodes.Select(n => n.LastLines())]
        : [.. history.Evidence];
}
