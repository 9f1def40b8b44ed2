using System.Globalization;
using Spectre.Console;
using Traffic.Playing;

namespace Traffic.Reporting;

/// <summary>Shows that the script is being played: a bar on a terminal, a line now and then elsewhere.</summary>
internal static class PlayProgress
{
    public static Task ShowAsync(
        IAnsiConsole console, string name, Player player, Task playing, TimeSpan length, TimeProvider time, CancellationToken cancel) =>
        console.Profile.Capabilities.Interactive && console.Profile.Capabilities.Ansi
            ? BarAsync(console, name, player, playing, length, time, cancel)
            : LinesAsync(console, name, player, playing, time, cancel);

    private static async Task BarAsync(
        IAnsiConsole console, string name, Player player, Task playing, TimeSpan length, TimeProvider time, CancellationToken cancel)
    {
        await console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .StartAsync(async bars =>
            {
                var start = time.GetTimestamp();
                var bar = bars.AddTask(Markup.Escape(Text(name, player)));
                while (!playing.IsCompleted)
                {
                    await NextAsync(playing, TimeSpan.FromMilliseconds(250), time, cancel);
                    bar.Value = 100 * Math.Min(1, time.GetElapsedTime(start) / length);
                    bar.Description = Markup.Escape(Text(name, player));
                }

                bar.Value = 100;
            });
    }

    private static async Task LinesAsync(
        IAnsiConsole console, string name, Player player, Task playing, TimeProvider time, CancellationToken cancel)
    {
        console.WriteLine($"{name}: {player.Users} users play");
        while (!playing.IsCompleted)
        {
            await NextAsync(playing, TimeSpan.FromSeconds(5), time, cancel);
            console.WriteLine(Text(name, player));
        }
    }

    private static async Task NextAsync(Task playing, TimeSpan pause, TimeProvider time, CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(playing, Task.Delay(pause, time, ended.Token));
        await ended.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private static string Text(string name, Player player) =>
        string.Create(
            CultureInfo.InvariantCulture, $"{name,-12} {player.Answers,7:N0} answers, {player.BrokenCount} broke the promise");
}
