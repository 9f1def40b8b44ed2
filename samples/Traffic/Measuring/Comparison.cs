using Traffic.Checking;

namespace Traffic.Measuring;

/// <summary>The runs side by side, and whether Freshet kept its word.</summary>
/// <param name="without">Without a cache.</param>
/// <param name="with">With the cache of the server.</param>
/// <param name="events">With the events as well: clients keep what they fetched.</param>
internal sealed class Comparison(Run without, Run with, Run events)
{
    /// <summary>The least share of SQL commands that must be saved.</summary>
    public const double CommandsToSave = 0.95;

    /// <summary>The least share of calls to the API that must be saved with events.</summary>
    public const double CallsToSave = 0.80;

    /// <summary>What a miss may add at the 99th percentile.</summary>
    public static readonly TimeSpan MissMayAdd = TimeSpan.FromMilliseconds(10);

    /// <summary>How many nodes there were.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>Whether they shared a Redis.</summary>
    public bool IsOnRedis { get; init; }

    public Run Without => without;

    public Run With => with;

    public Run Events => events;

    public double CommandsSaved => Saved(with, run => run.Origin.Commands);

    public double CallsSaved => Saved(events, run => run.Clients.Calls);

    /// <summary>The share of SQL commands saved from the first request on, with an empty cache.</summary>
    public double CommandsSavedCold => without.Cold.Commands == 0
        ? 0
        : 1 - (double)with.Cold.Commands / Math.Max(1, with.Cold.Answers) / ((double)without.Cold.Commands / Math.Max(1, without.Cold.Answers));

    /// <summary>
    /// By how much the 99th percentile of the probe's misses lies above that of the same reads of the same states without the
    /// cache; null when no read of the probe was a miss.
    /// </summary>
    public TimeSpan? MissAddsP99
    {
        get
        {
            var (plain, missed) = (new Histogram(), new Histogram());
            foreach (var (before, after) in without.Probes.Zip(with.Probes).Where(pair => pair.Second.Missed))
            {
                plain.Record(before.Took);
                missed.Record(after.Took);
            }

            return missed.Count == 0 ? null : missed.Percentile(0.99) - plain.Percentile(0.99);
        }
    }

    /// <summary>Why the demo fails, one sentence a reason; none when it does not.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            List<string> failures = [];
            Promise("with the server's cache", with.Clients);
            Promise("with events", events.Clients);
            // Without a cache nothing can be old: such an answer would be a fault of the platform or of the checker.
            Promise("without it", without.Clients);
            if (CommandsSaved < CommandsToSave)
                failures.Add(FormattableString.Invariant($"Savings not met: {CommandsSaved:P1} fewer SQL commands, {CommandsToSave:P0} expected."));
            if (CallsSaved < CallsToSave)
                failures.Add(FormattableString.Invariant($"Savings not met: {CallsSaved:P1} fewer API calls with events, {CallsToSave:P0} expected."));
            return failures;

            void Promise(string run, Measures clients)
            {
                if (clients.BrokenCount > 0)
                    failures.Add(FormattableString.Invariant(
                        $"Promise broken: {clients.BrokenCount} of {clients.Answers} answers {run}, the first: {First(clients)}"));
            }
        }
    }

    /// <summary>The share saved, per answer: all runs play the same steps, but a write that is refused is sent once less.</summary>
    public double Saved(Run run, Func<Run, double> figure)
    {
        var before = figure(without) / Math.Max(1, without.Clients.Answers);
        var after = figure(run) / Math.Max(1, run.Clients.Answers);
        return before > 0 ? 1 - after / before : 0;
    }

    private static Broken? First(Measures clients) => clients.Broken.Count > 0 ? clients.Broken[0] : null;
}
