using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BitFaster.Caching.Lru;
using Microsoft.Extensions.Caching.Hybrid;
using ZiggyCreatures.Caching.Fusion;

namespace Freshet.Benchmarks.Data;

/// <summary>One value, read again and again through the front door of each cache; stored with no tag, or with three.</summary>
[MemoryDiagnoser]
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class DataHitBenchmarks
{
    private const string Plain = "customer/42/profile";
    private const string Tagged = "customer/42/profile/tagged";
    private static readonly string[] Tags = ["customer/42", "profile", "region/eu"];

    private readonly HybridCache _microsoft = DataCaches.Microsoft();
    private readonly HybridCache _freshet = DataCaches.Freshet();
    private readonly IFusionCache _fusion = DataCaches.Fusion();
    private readonly ConcurrentLru<string, Payload> _lru = new(1, 1024, StringComparer.Ordinal);

    [GlobalSetup]
    public async Task StoreAsync()
    {
        foreach (var cache in (HybridCache[])[_microsoft, _freshet])
        {
            var options = new HybridCacheEntryOptions { Expiration = DataCaches.Lifetime };
            await cache.GetOrCreateAsync(Plain, Load, options);
            await cache.GetOrCreateAsync(Tagged, Load, options, Tags);
        }

        await _fusion.SetAsync(Plain, Payload.Sample, new FusionCacheEntryOptions(DataCaches.Lifetime));
        await _fusion.SetAsync(Tagged, Payload.Sample, new FusionCacheEntryOptions(DataCaches.Lifetime), Tags);
        _lru.AddOrUpdate(Plain, Payload.Sample);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("0 tags")]
    public ValueTask<Payload> HybridCache() => _microsoft.GetOrCreateAsync(Plain, Load);

    [Benchmark, BenchmarkCategory("0 tags")]
    public ValueTask<Payload> Freshet() => _freshet.GetOrCreateAsync(Plain, Load);

    [Benchmark, BenchmarkCategory("0 tags")]
    public ValueTask<Payload> FusionCache() => _fusion.GetOrSetAsync<Payload>(Plain, static (_, _) => throw Missed())!;

    [Benchmark, BenchmarkCategory("0 tags")]
    public Payload? ConcurrentLru() => _lru.TryGet(Plain, out var found) ? found : throw Missed();

    [Benchmark(Baseline = true), BenchmarkCategory("3 tags")]
    public ValueTask<Payload> HybridCacheTagged() => _microsoft.GetOrCreateAsync(Tagged, Load, tags: Tags);

    [Benchmark, BenchmarkCategory("3 tags")]
    public ValueTask<Payload> FreshetTagged() => _freshet.GetOrCreateAsync(Tagged, Load, tags: Tags);

    [Benchmark, BenchmarkCategory("3 tags")]
    public ValueTask<Payload> FusionCacheTagged() => _fusion.GetOrSetAsync<Payload>(Tagged, static (_, _) => throw Missed(), tags: Tags)!;

    private static ValueTask<Payload> Load(CancellationToken cancel) => new(Payload.Sample);

    private static InvalidOperationException Missed() => new("The value was not in the cache.");
}
