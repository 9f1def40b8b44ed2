using System.Diagnostics;
using System.Globalization;

namespace Freshet.Simulation;

/// <summary>The soak command: runs the simulation over every profile and number of nodes, or one of them, and says how far
/// it came. Exit code 0: the promise held; 1: it broke; 2: a wrong option.</summary>
internal static class Command
{
    private const string Usage = """
        dotnet run -c Release --project tests/Freshet.Simulation -- [options]
          --steps N       steps in all, spread over the configurations (10,000,000)
          --seed S        the first seed (1, or the variant's); each configuration takes its own from it
          --nodes N       only 1 to 4 nodes on a shared store; 0 for one process with the embedded store
          --profile P     only this profile: calm, lossy, trimmed, stalled, sticky, failing, isolated
          --variant NAME  the protocol broken on purpose; 'list' names the variants
        """;

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var steps = 10_000_000L;
        ulong? seed = null;
        int? nodes = null;
        Profile? profile = null;
        Variants.Variant? variant = null;
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var isKnown = args[i] switch
            {
                "--steps" => long.TryParse(value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out steps) && steps > 0,
                "--seed" => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var s) && (seed = s) is not null,
                "--nodes" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && (nodes = n) <= Scheduler.MaxNodes,
                "--profile" => (profile = Profile.Find(value)) is not null,
                "--variant" => value == "list" || (variant = Variants.Find(value)) is not null,
                _ => false,
            };
            if (!isKnown)
            {
                error.WriteLine($"'{args[i]} {value}' is not an option.\n{Usage}");
                return 2;
            }

            if (args[i] == "--variant" && variant is null)
            {
                foreach (var known in Variants.All)
                    output.WriteLine(known.Name);
                return 0;
            }
        }

        var setups = Setups(seed ?? variant?.Seed ?? 1, nodes ?? variant?.Nodes, profile ?? (variant is null ? null : Profile.Find(variant.Profile)));
        return Run(setups, steps, variant, output);
    }

    /// <summary>Every configuration: the embedded store in fair weather and with restarts, and each profile on 1 to 4 nodes.</summary>
    public static List<Setup> Setups(ulong seed, int? nodes = null, Profile? profile = null)
    {
        var setups = new List<Setup>();
        for (var n = 0; n <= Scheduler.MaxNodes; n++)
        {
            if (nodes is not null && nodes != n)
                continue;
            foreach (var p in Profile.All)
            {
                if ((profile is not null && profile != p) || (n == 0 && profile is null && !p.ConcernsEmbedded))
                    continue;
                setups.Add(new Setup(seed++, Math.Max(n, 1), p, IsEmbedded: n == 0));
            }
        }

        return setups;
    }

    private static int Run(List<Setup> setups, long steps, Variants.Variant? variant, TextWriter output)
    {
        var share = Math.Max(1, steps / setups.Count);
        var coverage = new Coverage();
        var total = 0L;
        var watch = Stopwatch.StartNew();
        foreach (var setup in setups)
        {
            var scheduler = new Scheduler(setup, variant?.Make() ?? new Rules());
            var started = watch.Elapsed;
            try
            {
                scheduler.Run(share);
            }
            catch (PromiseBrokenException broken)
            {
                output.WriteLine(broken.Message);
                return 1;
            }

            total += scheduler.Steps;
            coverage.Add(scheduler.Coverage);
            var rate = scheduler.Steps / (watch.Elapsed - started).TotalSeconds / 1e6;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{setup,-44} {scheduler.Steps,12:N0} steps  {scheduler.Promise.Judged,11:N0} answers judged  {rate:F1} M steps/s  {100.0 * total / steps:F0} %"));
        }

        foreach (var e in Enum.GetValues<Event>())
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {e,-30} {coverage[e],14:N0}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total:N0} steps in {watch.Elapsed.TotalSeconds:F0} s: the promise held."));
        return 0;
    }
}
