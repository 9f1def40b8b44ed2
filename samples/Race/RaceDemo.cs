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
        foreach (var contender in (Contender[])[Contender.OutputCache, Contender.MemoryCache])
        {
            var (stored, handed) = await RaceAsync(contender, cancel);
            table.AddRow(contender.Name, contender.Invalidates, Times(stored), Times(handed));
        }

        console.Write(table);
        return freshetIsCoherent ? 0 : 1;
    }

    private static async Task<(int Stored, int Handed)> RaceAsync(Contender contender, CancellationToken cancel)
    {
        await using var track = await RaceTrack.OpenAsync(contender, cancel);
        var (stored, handed) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var outcome = await track.RunAsync(cancel);
            if (outcome.StoredStale) stored++;
            if (outcome.HandedOldLoad) handed++;
        }

        return (stored, handed);
    }

    private static string Times(int count) =>
        count == 0 ? "never" : string.Create(CultureInfo.InvariantCulture, $"{count} times in {Rounds}");
}
