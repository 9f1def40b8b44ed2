using System.Globalization;
using Spectre.Console;

namespace Race;

/// <summary>Races every contender and shows who is coherent.</summary>
public static class RaceDemo
{
    private const int Rounds = 100;

    /// <returns>0 when Freshet neither stored a stale value nor handed out an old load, else 1.</returns>
    public static async Task<int> RunAsync(IAnsiConsole console, CancellationToken cancel)
    {
        console.WriteLine("A load is slow; while it runs the value is written, invalidated and acknowledged; a reader comes; the load ends.");
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in (string[])["", "invalidates by", "stores the stale value", "hands the old load to the late reader"])
            table.AddColumn(column);

        var freshetIsCoherent = false;
        foreach (var contender in Contender.All)
        {
            var (stored, handed, cached) = await RaceAsync(contender, cancel);
            if (contender == Contender.Freshet) freshetIsCoherent = stored + handed == 0 && cached == Rounds;
            table.AddRow(contender.Name, contender.Invalidates, Times(stored), Times(handed));
        }

        console.Write(table);
        console.WriteLine(freshetIsCoherent
            ? "Freshet judges a load by the position at which it began: what was touched since is neither stored nor handed to those who came later."
            : "Freshet broke its promise.");
        return freshetIsCoherent ? 0 : 1;
    }

    private static async Task<(int Stored, int Handed, int Cached)> RaceAsync(Contender contender, CancellationToken cancel)
    {
        await using var track = await RaceTrack.OpenAsync(contender, cancel);
        var (stored, handed, cached) = (0, 0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var outcome = await track.RunAsync(cancel);
            if (outcome.StoredStale) stored++;
            if (outcome.HandedOldLoad) handed++;
            if (outcome.Caches) cached++;
        }

        return (stored, handed, cached);
    }

    private static string Times(int count) =>
        count == 0 ? "never" : string.Create(CultureInfo.InvariantCulture, $"{count} times in {Rounds}");
}
