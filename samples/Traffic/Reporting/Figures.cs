using System.Globalization;
using Traffic.Measuring;

namespace Traffic.Reporting;

/// <summary>One line of the table.</summary>
internal sealed record Figure(string Name, string Without, string With, string Saved, string Events, string SavedByEvents);

/// <summary>The figures as people read them.</summary>
internal static class Figures
{
    public static IEnumerable<Figure> Of(Comparison comparison)
    {
        yield return Count("answers", run => run.Clients.Answers, saves: false);
        yield return Count("of them to writes", run => run.Clients.Writes, saves: false);
        yield return Count("API calls", run => run.Clients.Calls);
        yield return Count("bodies sent", run => run.Clients.Bodies);
        yield return Each(
            "bytes on the wire", run => string.Create(CultureInfo.InvariantCulture, $"{run.Clients.Bytes / 1e6:N1} MB"), run => run.Clients.Bytes);
        yield return Count("SQL commands", run => run.Origin.Commands);
        yield return Count("loads", run => run.Origin.Loads);
        yield return Count("coalesced", run => run.Origin.Coalesced, saves: false);
        yield return Count("304s", run => run.Clients.NotModified, saves: false);
        yield return Each("p50", run => Milliseconds(run.Clients.Latency.Percentile(0.5)));
        yield return Each("p99", run => Milliseconds(run.Clients.Latency.Percentile(0.99)));
        yield return new Figure(
            "added by a miss, p99", "", comparison.MissAddsP99 is { } added ? Milliseconds(added) : "no miss",
            $"{(comparison.MissAddsP99 < Comparison.MissMayAdd ? "below" : "not below")} {Milliseconds(Comparison.MissMayAdd)}", "", "");
        yield return Each("age of copies, p50 / p99", run => Span(run.Clients.Ages, "s", age => age.TotalSeconds));
        yield return Each("write to event, p50 / p99", run => Span(run.EventDelays, "ms", delay => delay.TotalMilliseconds));
        // What matters only to several nodes, or to one that logs elsewhere.
        if (comparison.Nodes > 1) yield return Each("write to event on another node", run => Span(run.EventDelaysElsewhere, "ms", delay => delay.TotalMilliseconds));
        if (comparison.IsOnRedis) yield return Cached("loaded again, unchanged", run => run.LoadedAgain);
        if (comparison.IsOnRedis) yield return Cached("writes not logged at once", run => run.Clients.Pending);
        yield return Count("broken promises", run => run.Clients.BrokenCount, saves: false);

        Figure Count(string name, Func<Run, long> of, bool saves = true) =>
            Each(name, run => of(run).ToString("N0", CultureInfo.InvariantCulture), saves ? run => of(run) : null);

        Figure Cached(string name, Func<Run, long> of) => Count(name, of, saves: false) with { Without = "" };

        Figure Each(string name, Func<Run, string> text, Func<Run, double>? saves = null) =>
            new(
                name, text(comparison.Without),
                text(comparison.With), saves is null ? "" : Share(comparison.Saved(comparison.With, saves)),
                text(comparison.Events), saves is null ? "" : Share(comparison.Saved(comparison.Events, saves)));
    }

    private static string Span(Histogram of, string unit, Func<TimeSpan, double> value) => of.Count == 0
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{value(of.Percentile(0.5)):0.0} / {value(of.Percentile(0.99)):0.0} {unit}");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms");

    private static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
}
