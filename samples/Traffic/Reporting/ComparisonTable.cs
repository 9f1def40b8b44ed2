using System.Globalization;
using Spectre.Console;
using Traffic.Measuring;

namespace Traffic.Reporting;

/// <summary>The table at the end of the demo.</summary>
internal static class ComparisonTable
{
    private const int Width = 110;

    public static void Write(IAnsiConsole console, Comparison comparison)
    {
        // A file or a pipe has no width that the table would have to fit.
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = Math.Max(console.Profile.Width, Width);
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn("");
        table.AddColumn(new TableColumn("without").RightAligned());
        table.AddColumn(new TableColumn("server cache").RightAligned());
        table.AddColumn(new TableColumn("saved").RightAligned());
        table.AddColumn(new TableColumn("with events").RightAligned());
        table.AddColumn(new TableColumn("saved").RightAligned());
        foreach (var figure in Figures.Of(comparison)) table.AddRow(figure.Name, figure.Without, figure.With, figure.Saved, figure.Events, figure.SavedByEvents);
        console.WriteLine();
        console.Write(table);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Played in {comparison.Without.Duration.TotalSeconds:0.0} s, {comparison.With.Duration.TotalSeconds:0.0} s and {comparison.Events.Duration.TotalSeconds:0.0} s. X-Cache: {Verdicts(comparison.With)}; with events {Verdicts(comparison.Events)}"));
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"From the first request on, with an empty cache, the warm-up included: {comparison.CommandsSavedCold * 100:0.0} % fewer SQL commands."));
        if (comparison.IsOnRedis) Reasons(console, comparison);
        foreach (var broken in comparison.Without.Clients.Broken.Concat(comparison.With.Clients.Broken).Concat(comparison.Events.Clients.Broken)) console.WriteLine($"  {broken}");
    }

    /// <summary>Why each answer was given, in the words of Cache-Status: those that a store adds come by themselves.</summary>
    private static void Reasons(IAnsiConsole console, Comparison comparison)
    {
        var (with, events) = (comparison.With.Clients.Reasons, comparison.Events.Clients.Reasons);
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn("answers by reason");
        table.AddColumn(new TableColumn("server cache").RightAligned());
        table.AddColumn(new TableColumn("with events").RightAligned());
        foreach (var reason in with.Keys.Union(events.Keys, StringComparer.Ordinal).OrderByDescending(with.GetValueOrDefault))
            table.AddRow(reason, Text(with.GetValueOrDefault(reason)), Text(events.GetValueOrDefault(reason)));
        console.Write(table);

        static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
    }

    private static string Verdicts(Run run) =>
        string.Join(", ", run.Clients.Verdicts.Select(verdict => string.Create(CultureInfo.InvariantCulture, $"{verdict.Key} {verdict.Value:N0}")));
}
