using System.Net.Http.Json;
using System.Text.Json;

namespace Traffic.Measuring;

/// <summary>What reached the origin, as the platform counts it.</summary>
/// <param name="Loads">Runs of a GET handler.</param>
/// <param name="Commands">SQL commands, of loads and writes.</param>
/// <param name="Coalesced">Requests that took the result of a load they did not start.</param>
internal readonly record struct OriginCounts(long Loads, long Commands, long Coalesced)
{
    public static OriginCounts operator -(OriginCounts after, OriginCounts before) =>
        new(after.Loads - before.Loads, after.Commands - before.Commands, after.Coalesced - before.Coalesced);

    public static async Task<OriginCounts> ReadAsync(Uri platform, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = platform };
        var body = await http.GetFromJsonAsync<JsonElement>("/dev/origin", cancel);
        return new OriginCounts(Number("loads"), Number("commands"), Number("coalesced"));

        // A platform that runs without Freshet may have nothing to say of it.
        long Number(string name) => body.TryGetProperty(name, out var value) ? value.GetInt64() : 0;
    }
}
