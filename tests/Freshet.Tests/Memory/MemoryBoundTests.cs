using Freshet.Memory;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Tests.Memory;

/// <summary>
/// The figure by which the memory tier is bounded is what the collector sees, whatever the shape of the entries: each shape fills the
/// tier to its bound, through the front door.
/// </summary>
[Collection(CollectorMeasure.Name)]
public sealed class MemoryBoundTests
{
    private const long Capacity = 24 << 20;
    private const double Most = 0.15;

    public static TheoryData<string> Shapes => [.. All.Keys];

    private static readonly Dictionary<string, Func<Filler, int, Task>> All = new(StringComparer.Ordinal)
    {
        ["no dependencies, 100 B"] = (f, i) => f.TextAsync($"key/{i}", 50),
        ["no dependencies, 2 KB"] = (f, i) => f.TextAsync($"key/{i}", 1_000),
        ["no dependencies, 200 KB"] = (f, i) => f.TextAsync($"key/{i}", 100_000),
        ["3 dependencies"] = (f, i) => f.TextAsync($"key/{i}", 50, Tags(i, 3)),
        ["64 dependencies"] = (f, i) => f.TextAsync($"key/{i}", 50, Tags(i, 64)),
        ["64 dependencies that all share"] = (f, i) => f.TextAsync($"key/{i}", 50, Tags(0, 64)),
        ["500 dependencies"] = (f, i) => f.TextAsync($"key/{i}", 50, Tags(i, 500)),
        ["64 dependencies on long tags"] = (f, i) => f.TextAsync($"key/{i}", 50, Tags(i, 64).Select(t => $"{t}/{new string('x', 200)}/y")),
        ["long keys"] = (f, i) => f.TextAsync($"{new string('k', 2_000)}{i}", 50),
        ["keys that are hashed"] = (f, i) => f.TextAsync($"{new string('k', 5_000)}{i}", 50),
        ["numbers"] = (f, i) => f.KeepAsync($"key/{i}", (long)i),
        ["nulls"] = (f, i) => f.KeepAsync<string?>($"key/{i}", null),
        ["objects as bytes"] = (f, i) => f.KeepAsync($"key/{i}", new Order(i, new string('x', 300), [i, i + 1])),
        ["byte arrays of 20 KB"] = (f, i) => f.KeepAsync($"key/{i}", new byte[20_000]),
        ["several tenants"] = (f, i) => f.InTenantAsync($"tenant-{i % 100}", () => f.TextAsync($"key/{i}", 50, Tags(i, 3))),
        ["replaced"] = async (f, i) =>
        {
            await f.SetAsync($"key/{i % 5_000}", new string('x', 200));
            await f.SetAsync($"key/{i % 5_000}", new string('y', 300));
        },
        ["marks of what may not be stored"] = (f, i) => f.RefuseAsync($"key/{i}"),
        ["a mix"] = (f, i) => (i % 7) switch
        {
            0 => f.TextAsync($"key/{i}", 50, Tags(i, 500)),
            1 => f.TextAsync($"key/{i}", 50, Tags(0, 3)),
            2 => f.TextAsync($"{new string('k', 1_000)}{i}", 10_000),
            3 => f.KeepAsync($"key/{i}", i),
            4 => f.InTenantAsync($"tenant-{i % 30}", () => f.KeepAsync($"key/{i}", new Order(i, "text", [i]))),
            5 => f.RefuseAsync($"key/{i}"),
            _ => f.TextAsync($"key/{i}", 500, Tags(i, 64)),
        },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task FullTier_TakesWhatItCounts(string shape)
    {
        Assert.True(Environment.Is64BitProcess, "Sizes are those of a 64-bit process.");
        await using var filler = new Filler();
        // What is made once, whatever is stored.
        for (var i = 0; i < 10; i++)
            await All[shape](filler, i);
        filler.Store.Clear();

        var before = CollectorMeasure.Alive();
        var last = -1L;
        for (var i = 0; filler.Evicted < 100 && filler.Store.Removals(RemovalCause.Replaced) < 20_000; i++)
        {
            await All[shape](filler, i);
            last = filler.Store.Bytes;
        }

        var taken = CollectorMeasure.Alive() - before;
        var counted = filler.Store.Bytes;

        Assert.Equal(last, counted);
        Assert.InRange(counted, 1, Capacity);
        Assert.True(
            Math.Abs(taken - counted) <= Most * counted,
            $"{shape}: {counted:N0} B counted, {taken:N0} B taken, {(double)taken / counted:F3} of it; {filler.Store.Count:N0} entries of {taken / filler.Store.Count:N0} B.");
    }

    private static IEnumerable<string> Tags(int entry, int count) => Enumerable.Range(0, count).Select(n => $"order/{(entry * 1_000) + n}");

    private sealed record Order(int Id, string Text, int[] Lines);

    private sealed class Filler : IAsyncDisposable
    {
        private readonly ServiceProvider _services;
        private readonly HybridCache _cache;

        public Filler()
        {
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddFreshetCore(o => o.Memory.CapacityBytes = Capacity);
            _services = services.BuildServiceProvider();
            _cache = _services.GetRequiredService<HybridCache>();
            Store = _services.GetRequiredService<MemoryStore>();
        }

        public MemoryStore Store { get; }

        public long Evicted => Store.Removals(RemovalCause.Evicted);

        public Task TextAsync(string key, int length, IEnumerable<string>? tags = null) =>
            _cache.GetOrCreateAsync(key, _ => new ValueTask<string>(new string('x', length)), tags: tags).AsTask();

        public Task KeepAsync<T>(string key, T value) => _cache.GetOrCreateAsync(key, _ => new ValueTask<T>(value)).AsTask();

        public Task SetAsync(string key, string value) => _cache.SetAsync(key, value).AsTask();

        public Task RefuseAsync(string key) => _cache.GetOrCreateAsync(key, _ =>
        {
            LoadScope.Current!.DoNotStore(CacheReason.Declared);
            return new ValueTask<string>("x");
        }).AsTask();

        public async Task InTenantAsync(string tenant, Func<Task> act)
        {
            using (_services.GetRequiredService<TenantContext>().Enter(tenant))
                await act();
        }

        public ValueTask DisposeAsync()
        {
            // The forms of values that were used last are remembered, and hold on to their cache.
            Store.Clear();
            return _services.DisposeAsync();
        }
    }
}
