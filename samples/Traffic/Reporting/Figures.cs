using System.Globalization;
using Traffic.Measuring;

namespace Traffic.Reporting;

/// <summary>One line of the table.</summary>
internal sealed record Figure(string Name, string Without, string With, string Saved);

/// <summary>The figures as people read them.</summary>
internal static class Figures
{
    public static IEnumerable<Figure> Of(Comparison comparison)
    {
        yield return Count("answers", run => run.Clients.Answers, saves: false);
        yield return Count("of them to writes", run => run.Clients.Writes, saves: false);
        yield return Count("bodies sent", run => run.Clients.Bodies);
        yield return new Figure(
            "bytes on the wire", Bytes(comparison.Without), Bytes(comparison.With), Share(comparison.Saved(run => run.Clients.Bytes)));
        yield return Count("SQL commands", run => run.Origin.Commands);
        yield return Count("loads", run => run.Origin.Loads);
        yield return Count("coalesced", run => run.Origin.Coalesced, saves: false);
        yield return Count("304s", run => run.Clients.NotModified, saves: false);
        yield return Latency("p50", 0.5);
        yield return Latency("p99", 0.99);
        yield return new Figure(
            "added by a miss, p99", "", comparison.MissAddsP99 is { } added ? Milliseconds(added) : "no miss",
            $"{(comparison.MissAddsP99 < Comparison.MissMayAdd ? "below" : "not below")} {Milliseconds(Comparison.MissMayAdd)}");
        yield return Count("broken promises", run => run.Clients.BrokenCount, saves: false);

        Figure Count(string name, Func<Run, long> of, bool saves = true) =>
            new(
                name, of(comparison.Without).ToString("N0", CultureInfo.InvariantCulture),
                of(comparison.With).ToString("N0", CultureInfo.InvariantCulture), saves ? Share(comparison.Saved(run => of(run))) : "");

        Figure Latency(string name, double share) =>
            new(
                name, Milliseconds(comparison.Without.Clients.Latency.Percentile(share)),
                Milliseconds(comparison.With.Clients.Latency.Percentile(share)), "");
    }

    private static string Bytes(Run run) => string.Create(CultureInfo.InvariantCulture, $"{run.Clients.Bytes / 1e6:N1} MB");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms");

    private static string Share(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");
}
