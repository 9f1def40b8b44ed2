using System.Globalization;
using Freshet.History.Judging;
using Freshet.History.Nodes;
using Freshet.History.Playing;
using Freshet.History.Scenarios;
using Freshet.TestServers;

namespace Freshet.History;

/// <summary>The commands. Exit code 0: the promise held under faults that were felt; 1: it did not, or they were not; 2: a wrong option.</summary>
internal static class Command
{
    private const string Usage = """
        dotnet run -c Release --project tests/Freshet.History -- all [options]
        dotnet run -c Release --project tests/Freshet.History -- check --scenario NAME [options]
        dotnet run -c Release --project tests/Freshet.History -- list
          --reads N           rows to read, with 'all' over all scenarios (1,000,000)
          --seed S            of the clients and of the faults (1)
          --nodes N           1 to 8 (3)
          --max-staleness MS  what the nodes promise (1000)
          --brief true        faults that last a shorter time
          --log FILE          every operation, one a line
          --plant NAME,…      nodes that are broken on purpose, the first, the second, …
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            switch (args)
            {
                case ["node", ..]:
                    await NodeProgram.RunAsync(NodeOptions.Parse(args.AsSpan(1)), Console.In, output);
                    return 0;
                case ["list"]:
                    foreach (var scenario in Scenario.All)
                        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scenario.Name,-26}{scenario.Topology}"));
                    return 0;
                case ["all" or "check", ..]:
                    var (scenarios, options) = Parse(args.AsSpan(1));
                    return await CheckAsync(args[0] == "all" ? Scenario.All : scenarios, options, output);
                default:
                    throw new FormatException("Say what to do.");
            }
        }
        catch (FormatException wrong)
        {
            await error.WriteLineAsync($"{wrong.Message}\n{Usage}");
            return 2;
        }
    }

    private static (IReadOnlyList<Scenario> Scenarios, PlayOptions Options) Parse(ReadOnlySpan<string> args)
    {
        var scenarios = new List<Scenario>();
        var options = new PlayOptions { Reads = 1_000_000 };
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new FormatException($"'{args[i]}' needs a value.");
            switch (args[i])
            {
                case "--scenario":
                    foreach (var name in value.Split(','))
                        scenarios.Add(Scenario.Find(name) ?? throw new FormatException($"There is no scenario '{name}'; 'list' names them."));
                    break;
                case "--reads":
                    options = options with { Reads = long.Parse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) };
                    break;
                case "--seed":
                    options = options with { Seed = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--nodes":
                    options = options with { Nodes = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "--max-staleness":
                    options = options with { MaxStaleness = TimeSpan.FromMilliseconds(int.Parse(value, CultureInfo.InvariantCulture)) };
                    break;
                case "--brief":
                    options = options with { IsBrief = value == "true" };
                    break;
                case "--log":
                    options = options with { Log = value };
                    break;
                case "--plant":
                    options = options with { Plants = PlantsOf(value) };
                    break;
                default:
                    throw new FormatException($"'{args[i]}' is not an option.");
            }
        }

        return (scenarios, options);
    }

    private static Plant[] PlantsOf(string names) =>
    [
        .. names.Split(',').Select(name => Enum.TryParse<Plant>(name, out var plant)
            ? plant
            : throw new FormatException($"There is no plant '{name}': {string.Join(", ", Enum.GetNames<Plant>())}.")),
    ];

    private static async Task<int> CheckAsync(IReadOnlyList<Scenario> scenarios, PlayOptions options, TextWriter output)
    {
        if (scenarios.Count == 0)
            throw new FormatException("Name a scenario.");
        await using var postgres = new PostgresServer();
        await postgres.InitializeAsync();
        await output.WriteLineAsync(
            $"{"scenario",-26}{"rounds",7}{"reads",12}{"hits",8}{"writes",9}{"pending",9}{"unheard",9}{"excused",9}{"lost",6}{"epochs",8}{"no hit",9}{"slowest",9}{"s",6}{"broken",8}");
        var sum = new Tally();
        var failed = false;
        foreach (var scenario in scenarios)
        {
            try
            {
                var result = await Play.RunAsync(scenario, options with { Reads = options.Reads / scenarios.Count }, postgres);
                await output.WriteLineAsync(Line(result));
                foreach (var evidence in result.Evidence)
                    await output.WriteLineAsync($"  {evidence}");
                if (result.Unfelt is { } unfelt)
                    await output.WriteLineAsync($"  The faults were not felt: {unfelt}.");
                failed |= result.Tally.BrokenInAll > 0 || result.Unfelt is not null;
                sum.Add(result.Tally);
            }
            catch (Exception e) when (e is StageException or InvalidOperationException)
            {
                failed = true;
                await output.WriteLineAsync($"{scenario.Name,-26} could not be played: {e.Message}");
            }
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{sum.Reads:N0} reads, {sum.Writes:N0} writes, {sum.BrokenInAll:N0} broken promises."));
        return failed ? 1 : 0;
    }

    private static string Line(PlayResult result)
    {
        var tally = result.Tally;
        var broken = string.Join(", ", tally.Broken.OrderBy(b => b.Key).Select(b => $"node {b.Key.Node}: {b.Key.Kind} {b.Value}"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Scenario.Name,-26}{result.Rounds,7}{tally.Reads,12:N0}{tally.HitRatio,8:P1}{tally.Writes,9:N0}{tally.Pending,9:N0}{tally.Unheard,9:N0}{tally.Excused,9:N0}{result.LostContacts,6}{result.Epochs - PlayResult.FirstEpochs,8}{result.LongestWithoutHit.TotalSeconds,8:F1}s{result.Slowest.TotalSeconds,8:F1}s{result.Took.TotalSeconds,6:F0}{tally.BrokenInAll,8:N0}  {broken}");
    }
}
