using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using Race;
using Spectre.Console;
using Traffic.Demo;

namespace Traffic;

/// <summary>The command line of <c>./demo</c>.</summary>
internal static class TrafficCommand
{
    private const int WrongUse = 2;
    private const int Interrupted = 130;

    /// <returns>The exit status: 0, 1 when the promise was broken or too little saved, 2 for wrong use, 130 after Ctrl-C.</returns>
    public static async Task<int> RunAsync(string[] args, IAnsiConsole console, TextWriter error)
    {
        var seconds = Number("--seconds", "How long each of the two runs plays.", 20, least: 1, most: 3600);
        var port = Number("--port", "Where the platform listens, on loopback.", 5080, least: 1, most: 65535);
        var seed = Number("--seed", "The seed of the script.", 1, least: 0, most: int.MaxValue);
        Option<FileInfo?> json = new("--json") { Description = "Write the figures to this file." };
        var nodes = Number("--nodes", "How many nodes of the platform share the database and the Redis.", 1, least: 1, most: 8);
        Option<string?> redis = new("--redis")
        {
            Description = "Share the cache through this Redis: redis://host:port, the comma form, or local for a throw-away server.",
        };
        Option<bool> exit = new("--exit") { Description = "End after the table: status 0 when the promise was kept and the savings are met." };
        Option<bool> race = new("--race") { Description = "Show in a few seconds the race that other caches lose, and nothing else." };
        Option<string> platform = new("--platform") { Hidden = true, Required = true };
        Command root = new("./demo", "Plays the same traffic against the migration platform without Freshet, with it, and with its events, and compares.")
        {
            seconds, port, seed, nodes, redis, json, exit, race, platform, new HelpOption(),
        };
        root.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(race)) return await RaceDemo.RunAsync(console, cancel);
            var options = new DemoOptions(
                parsed.GetRequiredValue(platform), TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(port),
                parsed.GetValue(json), parsed.GetValue(exit), parsed.GetValue(seed))
            {
                Nodes = parsed.GetValue(nodes),
                Redis = parsed.GetValue(redis),
            };
            return await new DemoRun(options, console, error, TimeProvider.System).RunAsync(cancel);
        });

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await error.WriteLineAsync($"{parsed.Errors[0].Message} ./demo --help lists the options.");
            return WrongUse;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
            });
        }
        catch (DemoException problem)
        {
            await error.WriteLineAsync(problem.Message);
            return WrongUse;
        }
        catch (OperationCanceledException)
        {
            return Interrupted;
        }
    }

    private static Option<int> Number(string name, string description, int byDefault, int least, int most) =>
        new(name)
        {
            Description = description,
            DefaultValueFactory = _ => byDefault,
            CustomParser = argument =>
            {
                if (int.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number >= least && number <= most)
                    return number;
                argument.AddError($"{name} is a whole number from {least} to {most}, not '{argument.Tokens[0].Value}'.");
                return byDefault;
            },
        };
}
