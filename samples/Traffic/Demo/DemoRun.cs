using Spectre.Console;
using Traffic.Measuring;
using Traffic.Playing;
using Traffic.Reporting;
using Traffic.Scripts;

namespace Traffic.Demo;

/// <summary>The demo: the same script without Freshet, with it, and with events, each on a platform just started, then the table.</summary>
internal sealed class DemoRun(DemoOptions options, IAnsiConsole console, TextWriter error, TimeProvider time)
{
    private static readonly Dictionary<string, string> NoSettings = [];
    private readonly Mix _mix = new();

    /// <summary>Played before the measured time, in both runs: code is compiled, connections open, and the cache is not empty.</summary>
    private TimeSpan WarmUp => options.Length / 4;

    /// <returns>0 when the promise was kept and the savings are met, else 1.</returns>
    /// <exception cref="DemoException">A port, a folder or the platform is not as it must be.</exception>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        if (options.Misfit is { } misfit) throw new DemoException($"{misfit} ./demo --help lists the options.");
        await using var json = OpenJson();
        await using var redis = options.Redis is { } address ? await DemoRedis.StartAsync(address, time, cancel) : null;
        try
        {
            return await PlayAllAsync(redis, json, cancel);
        }
        finally
        {
            // Ctrl-C too leaves nothing behind in a Redis that others use.
            if (redis is not null) await redis.CleanAsync(CancellationToken.None);
        }
    }

    private async Task<int> PlayAllAsync(DemoRedis? redis, FileStream? json, CancellationToken cancel)
    {
        Discovery? world = null;
        Run without;
        Steps steps;
        await using (var platform = await PlatformNodes.StartAsync(options, freshet: false, NoSettings, time, cancel))
        {
            world = await Discovery.ReadAsync(platform.Site.Address, cancel);
            (without, steps) = await PlayAsync("without", platform.Site, world, Keeping.ETags, steps: null, cancel, isCached: false);
        }

        Run with;
        await using (var platform = await PlatformNodes.StartAsync(options, freshet: true, redis?.Settings("server") ?? NoSettings, time, cancel))
            (with, _) = await PlayAsync("server cache", platform.Site, world, Keeping.ETags, steps, cancel);

        await using (var platform = await PlatformNodes.StartAsync(options, freshet: true, redis?.Settings("events") ?? NoSettings, time, cancel))
        {
            var (events, _) = await PlayAsync("with events", platform.Site, world, Keeping.UntilEvents, steps, cancel);
            var comparison = new Comparison(without, with, events) { Nodes = options.Nodes, IsOnRedis = redis is not null };
            ComparisonTable.Write(console, comparison);
            json?.SetLength(0);
            if (json is not null) await ComparisonJson.WriteAsync(json, comparison, _mix, options.Seed, cancel);
            foreach (var failure in comparison.Failures) await error.WriteLineAsync(failure);
            if (!options.Exit) await StayAsync(platform, world, cancel);
            return comparison.Failures.Count == 0 ? 0 : 1;
        }
    }

    private async Task<(Run Run, Steps Steps)> PlayAsync(
        string name, Site site, Discovery world, Keeping keeping, Steps? steps, CancellationToken cancel, bool isCached = true)
    {
        await using var player = new Player(site, world, _mix, options.Seed, keeping, time, isCached);
        var cold = await OriginCounts.ReadAsync(site.Nodes, cancel);
        var warmUp = await PhaseAsync($"{name}, warming up", TimeSpan.Zero, WarmUp, steps?.WarmUp);
        var coldAnswers = player.Answers;
        player.ForgetMeasures();

        var before = await OriginCounts.ReadAsync(site.Nodes, cancel);
        var start = time.GetTimestamp();
        var played = await PhaseAsync(name, WarmUp, WarmUp + options.Length, steps?.Measured);
        var duration = time.GetElapsedTime(start);
        var again = player.LoadedAgain;
        var after = await OriginCounts.ReadAsync(site.Nodes, cancel);
        var probes = keeping == Keeping.ETags ? await player.ProbeAsync(cancel) : [];
        var measures = player.Measures();
        return (
            new Run(duration, measures, after - before, new ColdCounts(coldAnswers + measures.Answers, (after - cold).Commands), probes, player.EventDelays())
            {
                EventDelaysElsewhere = player.EventDelays(onOtherNode: true),
                LoadedAgain = again,
            },
            new Steps(warmUp, played));

        async Task<int[]> PhaseAsync(string phase, TimeSpan from, TimeSpan to, int[]? asMany)
        {
            var playing = player.PlayAsync(from, to, asMany, cancel);
            await PlayProgress.ShowAsync(console, phase, player, playing, to - from, time, cancel);
            return await playing;
        }
    }

    private sealed record Steps(int[] WarmUp, int[] Measured);

    private FileStream? OpenJson()
    {
        try
        {
            // Opened before the play, not after it, to find out in time; emptied only when there is something to write.
            return options.Json?.Open(FileMode.OpenOrCreate, FileAccess.Write);
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"The figures cannot be written: {denied.Message}", denied);
        }
    }

    private async Task StayAsync(PlatformNodes platform, Discovery world, CancellationToken cancel)
    {
        WhereToLook.Write(console, platform.Site, world.Tenants[0].Accounts[0].Login);
        try
        {
            await platform.ExitedAsync(cancel);
            throw new DemoException("The platform ended by itself.");
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C: what was started ends with the caller.
        }
    }
}
