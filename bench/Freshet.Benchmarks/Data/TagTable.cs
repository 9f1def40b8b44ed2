using System.Diagnostics;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using ZiggyCreatures.Caching.Fusion;

namespace Freshet.Benchmarks.Data;

/// <summary>
/// What one tag costs that many entries carry: the call that drops them, and after it a read of an entry that was not
/// dropped. Once, not in a loop: the first time is the one that counts.
/// </summary>
internal static class TagTable
{
    private const int Others = 1_000;
    private static readonly int[] Sizes = [1_000, 100_000, 500_000];

    public static async Task PrintAsync(TextWriter output)
    {
        output.WriteLine("| cache | entries with the tag | drop them all | read another before | read another after |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (var size in Sizes)
        {
            foreach (var (name, make) in Contenders())
            {
                var (drop, before, after) = await MeasureAsync(make(), size);
                output.WriteLine($"| {name} | {size:N0} | {drop.TotalMicroseconds:N1} µs | {before:N0} ns | {after:N0} ns |");
                output.Flush();
            }
        }
    }

    private static IEnumerable<(string, Func<Tagged>)> Contenders()
    {
        yield return ("OutputCache's store", () => new OutputCacheTagged());
        yield return ("FusionCache", () => new FusionTagged());
        yield return ("HybridCache", () => new HybridTagged(DataCaches.Microsoft()));
        yield return ("Freshet", () => new HybridTagged(DataCaches.Freshet()));
    }

    private static async Task<(TimeSpan Drop, double Before, double After)> MeasureAsync(Tagged cache, int size)
    {
        for (var i = 0; i < size; i++)
            await cache.SetAsync($"tagged/{i}", "tag");
        for (var i = 0; i < Others; i++)
            await cache.SetAsync($"other/{i}", "other");
        for (var i = 0; i < 1_000; i++)
            await cache.DropAsync("unused"); // warms the call up
        var before = await ReadAsync(cache);

        var started = Stopwatch.GetTimestamp();
        await cache.DropAsync("tag");
        var drop = Stopwatch.GetElapsedTime(started);
        if (await cache.HasAsync("tagged/0", "tag"))
            throw new InvalidOperationException("The entry survived its tag.");
        return (drop, before, await ReadAsync(cache));
    }

    private static async Task<double> ReadAsync(Tagged cache)
    {
        const int Rounds = 200;
        var keys = Enumerable.Range(0, Others).Select(i => $"other/{i}").ToArray();
        var started = 0L;
        for (var round = -Rounds; round < Rounds; round++)
        {
            if (round == 0)
                started = Stopwatch.GetTimestamp();
            foreach (var key in keys)
            {
                if (!await cache.HasAsync(key, "other"))
                    throw new InvalidOperationException("An entry without the tag was dropped.");
            }
        }

        return Stopwatch.GetElapsedTime(started).TotalNanoseconds / (Rounds * keys.Length);
    }

    private abstract class Tagged
    {
        public abstract ValueTask SetAsync(string key, string tag);

        public abstract ValueTask<bool> HasAsync(string key, string tag);

        public abstract ValueTask DropAsync(string tag);
    }

    private sealed class HybridTagged(HybridCache cache) : Tagged
    {
        private static readonly HybridCacheEntryOptions Options = new() { Expiration = DataCaches.Lifetime };
        private static readonly HybridCacheEntryOptions ReadOnly = new() { Flags = HybridCacheEntryFlags.DisableUnderlyingData };
        private readonly Dictionary<string, string[]> _tags = new(StringComparer.Ordinal) { ["tag"] = ["tag"], ["other"] = ["other"] };

        public override async ValueTask SetAsync(string key, string tag) =>
            await cache.GetOrCreateAsync(key, static _ => new ValueTask<Payload>(Payload.Sample), Options, _tags[tag]);

        public override async ValueTask<bool> HasAsync(string key, string tag) =>
            await cache.GetOrCreateAsync<Payload?>(key, static _ => new((Payload?)null), ReadOnly, _tags[tag]) is not null;

        public override ValueTask DropAsync(string tag) => cache.RemoveByTagAsync(tag);
    }

    private sealed class FusionTagged : Tagged
    {
        private static readonly FusionCacheEntryOptions Options = new(DataCaches.Lifetime);
        private readonly IFusionCache _cache = DataCaches.Fusion();

        public override ValueTask SetAsync(string key, string tag) => _cache.SetAsync(key, Payload.Sample, Options, [tag]);

        public override async ValueTask<bool> HasAsync(string key, string tag) => (await _cache.TryGetAsync<Payload>(key)).HasValue;

        public override ValueTask DropAsync(string tag) => _cache.RemoveByTagAsync(tag);
    }

    private sealed class OutputCacheTagged : Tagged
    {
        private static readonly byte[] Value = new byte[16];
        private readonly IOutputCacheStore _store = new ServiceCollection()
            .AddLogging()
            .AddOutputCache(static options => options.SizeLimit = long.MaxValue)
            .BuildServiceProvider()
            .GetRequiredService<IOutputCacheStore>();

        public override ValueTask SetAsync(string key, string tag) => _store.SetAsync(key, Value, [tag], DataCaches.Lifetime, default);

        public override async ValueTask<bool> HasAsync(string key, string tag) => await _store.GetAsync(key, default) is not null;

        public override ValueTask DropAsync(string tag) => _store.EvictByTagAsync(tag, default);
    }
}
