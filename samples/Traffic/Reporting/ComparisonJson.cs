using System.Text.Json;
using Traffic.Measuring;
using Traffic.Scripts;

namespace Traffic.Reporting;

/// <summary>The same figures for programs, with the origin's work by route and the mix that was played.</summary>
internal static class ComparisonJson
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Task WriteAsync(Stream file, Comparison comparison, Mix mix, int seed, CancellationToken cancel) =>
        JsonSerializer.SerializeAsync(
            file,
            new
            {
                seed,
                mix,
                nodes = comparison.Nodes,
                redis = comparison.IsOnRedis,
                without = Of(comparison.Without),
                with = Of(comparison.With),
                events = Of(comparison.Events),
                commandsSaved = comparison.CommandsSaved,
                callsSaved = comparison.CallsSaved,
                commandsSavedCold = comparison.CommandsSavedCold,
                missAddsP99Ms = comparison.MissAddsP99?.TotalMilliseconds,
                failures = comparison.Failures,
            },
            Indented, cancel);

    private static object Of(Run run) => new
    {
        seconds = run.Duration.TotalSeconds,
        answers = run.Clients.Answers,
        writes = run.Clients.Writes,
        calls = run.Clients.Calls,
        bodies = run.Clients.Bodies,
        bytes = run.Clients.Bytes,
        commands = run.Origin.Commands,
        loads = run.Origin.Loads,
        coalesced = run.Origin.Coalesced,
        notModified = run.Clients.NotModified,
        keptUsed = run.Clients.Ages.Count,
        keptAgeP50Ms = run.Clients.Ages.Percentile(0.5).TotalMilliseconds,
        keptAgeP99Ms = run.Clients.Ages.Percentile(0.99).TotalMilliseconds,
        eventDelayP50Ms = run.EventDelays.Percentile(0.5).TotalMilliseconds,
        eventDelayP99Ms = run.EventDelays.Percentile(0.99).TotalMilliseconds,
        p50Ms = run.Clients.Latency.Percentile(0.5).TotalMilliseconds,
        p99Ms = run.Clients.Latency.Percentile(0.99).TotalMilliseconds,
        brokenPromises = run.Clients.BrokenCount,
        broken = run.Clients.Broken.Select(broken => broken.ToString()),
        xCache = run.Clients.Verdicts,
        reasons = run.Clients.Reasons,
        loadedAgain = run.LoadedAgain,
        pending = run.Clients.Pending,
        eventDelayOnOtherNodeP50Ms = run.EventDelaysElsewhere.Percentile(0.5).TotalMilliseconds,
        eventDelayOnOtherNodeP99Ms = run.EventDelaysElsewhere.Percentile(0.99).TotalMilliseconds,
        routes = run.Origin.Routes,
    };
}
