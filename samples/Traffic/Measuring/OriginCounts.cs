using System.Net.Http.Json;
using System.Text.Json;

namespace Traffic.Measuring;

/// <summary>What reached the origin, as the platform counts it.</summary>
/// <param name="Routes">By route of the API.</param>
/// <param name="Coalesced">Requests that took the result of a load they did not start.</param>
internal sealed record OriginCounts(IReadOnlyDictionary<string, RouteCounts> Routes, long Coalesced)
{
    /// <summary>Runs of a GET handler.</summary>
    public long Loads => Routes.Values.Sum(route => route.Loads);

    /// <summary>SQL commands, of loads and writes.</summary>
    public long Commands => Routes.Values.Sum(route => route.Commands);

    public static OriginCounts operator -(OriginCounts after, OriginCounts before) =>
        new(
            after.Routes.ToDictionary(
                route => route.Key, route => route.Value - before.Routes.GetValueOrDefault(route.Key), StringComparer.Ordinal),
            after.Coalesced - before.Coalesced);

    public static OriginCounts operator +(OriginCounts one, OriginCounts other) =>
        new(
            one.Routes.Keys.Union(other.Routes.Keys, StringComparer.Ordinal).ToDictionary(
                route => route, route => one.Routes.GetValueOrDefault(route) + other.Routes.GetValueOrDefault(route), StringComparer.Ordinal),
            one.Coalesced + other.Coalesced);

    /// <summary>What the nodes have counted together.</summary>
    public static async Task<OriginCounts> ReadAsync(IEnumerable<Uri> nodes, CancellationToken cancel)
    {
        var counts = await Task.WhenAll(nodes.Select(node => ReadAsync(node, cancel)));
        return counts.Aggregate((one, other) => one + other);
    }

    private static async Task<OriginCounts> ReadAsync(Uri platform, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = platform };
        var body = await http.GetFromJsonAsync<JsonElement>("/dev/origin", cancel);
        return new OriginCounts(
            body.GetProperty("routes").EnumerateArray().ToDictionary(
                route => route.GetProperty("route").GetString()!,
                route => new RouteCounts(route.GetProperty("loads").GetInt64(), route.GetProperty("commands").GetInt64()),
                StringComparer.Ordinal),
            // A platform that runs without Freshet may have nothing to say of it.
            body.TryGetProperty("coalesced", out var coalesced) ? coalesced.GetInt64() : 0);
    }
}

internal readonly record struct RouteCounts(long Loads, long Commands)
{
    public static RouteCounts operator +(RouteCounts one, RouteCounts other) =>
        new(one.Loads + other.Loads, one.Commands + other.Commands);

    public static RouteCounts operator -(RouteCounts after, RouteCounts before) =>
        new(after.Loads - before.Loads, after.Commands - before.Commands);
}
