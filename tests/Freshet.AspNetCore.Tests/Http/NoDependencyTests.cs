using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.AspNetCore.Tests.Http;

/// <summary>Where a data layer is registered, an answer that depends on nothing would stay for its whole lifetime, whatever is written.</summary>
public class NoDependencyTests
{
    private static Task<TestApp> StartAsync(Action<WebApplication> map, Action<FreshetBuilder>? freshet = null, Action<IServiceCollection>? services = null) =>
        TestApp.StartAsync(
            map,
            f =>
            {
                f.AddEntities(m => m.Entity<Row>("row").Key(r => r.Id));
                freshet?.Invoke(f);
            },
            services);

    [Fact]
    public async Task AnswerWithoutDependency_IsNotStored_AndOneWarningSaysWhatToDo()
    {
        var loads = 0;
        await using var app = await StartAsync(a => a.MapGet("/x/{id}", (string id) => $"{id} {++loads}").Cached());
        for (var i = 1; i <= 6; i++)
        {
            var answer = await app.GetAsync($"/x/secret-{i % 2}");
            Assert.Equal($"secret-{i % 2} {i}", await answer.TextAsync());
            Assert.EndsWith("detail=no-dependency", answer.CacheStatus(), StringComparison.Ordinal);
        }

        var (level, text) = Assert.Single(app.Log.Lines, l => l.Text.Contains("no-dependency", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("/x/{id}", text, StringComparison.Ordinal);
        Assert.Contains(".Tag(", text, StringComparison.Ordinal);
        Assert.Contains(".AgeOnly()", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutADataLayer_ItIsStored()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => "x").Cached());
        await app.GetAsync("/x");
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
        Assert.DoesNotContain(app.Log.Lines, l => l.Text.Contains("not stored", StringComparison.Ordinal));
    }

    public static TheoryData<string, bool> Declared => new()
    {
        { "tag", true },
        { "template", true },
        { "delegate", true },
        { "handler", true },
        { "age-only", true },
        { "tag-and-age-only", true },
        { "group", true },
        { "named", true },
        { "taken-back", false },
        { "none", false },
        { "inner", false },
        { "inner-set", false },
        { "inner-of-inner", false },
        { "inner-tagged", true },
        { "inner-reads", true },
        { "tagged-inner-of-inner", true },
    };

    [Theory]
    [MemberData(nameof(Declared))]
    public async Task Answer_IsStored_WhenItDependsOnDataOrATag_OrItsPolicySaysThatOnlyAgeEndsIt(string kind, bool isStored)
    {
        await using var app = await StartAsync(Map, f => f.Policy("aging", c => c.AgeOnly()));
        await app.Services.GetRequiredService<HybridCache>().SetAsync("set", "x", cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("MISS", (await app.GetAsync($"/{kind}/7")).XCache());
        Assert.Equal(isStored ? "HIT" : "BYPASS", (await app.GetAsync($"/{kind}/7")).XCache());
        // The inner value is stored in any case: its caller chose a lifetime.
        Assert.Equal(isStored ? "HIT" : "BYPASS", (await app.GetAsync($"/{kind}/7")).XCache());
    }

    [Fact]
    public async Task AgeOnlyBesideATag_IsStillEndedByTheTag()
    {
        await using var app = await StartAsync(a => a.MapGet("/x", () => "x").Cached(c => c.Tag("x").AgeOnly()));
        await app.GetAsync("/x");
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
        await app.TouchAsync("x");
        Assert.Equal("MISS", (await app.GetAsync("/x")).XCache());
    }

    [Fact]
    public async Task ValueOfHybridCacheWithoutDependency_IsStored_AndADebugLineNamesEachCallSiteOnce()
    {
        await using var app = await StartAsync(a => a.MapGet("/none", () => "x"), services: s => s.AddLogging(l => l.SetMinimumLevel(LogLevel.Debug)));
        var cache = app.Services.GetRequiredService<HybridCache>();
        var loads = 0;
        for (var i = 0; i < 3; i++)
        {
            for (var k = 0; k < 2; k++)
                await cache.GetOrCreateAsync($"secret/{i}", _ => new ValueTask<int>(++loads), cancellationToken: TestContext.Current.CancellationToken);
        }

        await cache.GetOrCreateAsync("tagged", _ => new ValueTask<int>(1), tags: ["x"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(3, loads);
        var line = Assert.Single(app.Log.Lines, l => l.Text.Contains("HybridCache", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Debug, line.Level);
        Assert.Contains(nameof(ValueOfHybridCacheWithoutDependency_IsStored_AndADebugLineNamesEachCallSiteOnce), line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line.Text, StringComparison.Ordinal);
    }

    private static void Map(WebApplication a)
    {
        a.MapGet("/none/{id}", () => "x").Cached();
        a.MapGet("/tag/{id}", () => "x").Cached(c => c.Tag("x"));
        a.MapGet("/template/{id}", () => "x").Cached(c => c.Tag("x/{id}"));
        a.MapGet("/delegate/{id}", () => "x").Cached(c => c.Tag(_ => Tag.Of("x")));
        a.MapGet("/handler/{id}", (HttpContext http) =>
        {
            http.Freshet().Tag("x");
            return "x";
        }).Cached();
        a.MapGet("/age-only/{id}", () => "x").Cached(c => c.AgeOnly());
        a.MapGet("/tag-and-age-only/{id}", () => "x").Cached(c => c.Tag("x").AgeOnly());
        a.MapGroup("/group").Cached(c => c.AgeOnly()).MapGet("/{id}", () => "x").Cached(c => c.For(TimeSpan.FromHours(1)));
        a.MapGet("/named/{id}", () => "x").Cached("aging");
        a.MapGet("/taken-back/{id}", () => "x").Cached("aging", c => c.AgeOnly(false));
        Data("/inner", cache => Read(cache, "plain"));
        Data("/inner-set", cache => Read(cache, "set"));
        Data("/inner-of-inner", cache => cache.GetOrCreateAsync("outer", async _ => await Read(cache, "deep")));
        Data("/inner-tagged", cache => Read(cache, "tagged", "rates"));
        Data("/inner-reads", cache => cache.GetOrCreateAsync("reads", _ =>
        {
            LoadScope.Current!.DependsOn(Tag.Of("row", "7"));
            return new ValueTask<string>("x");
        }));
        Data("/tagged-inner-of-inner", cache => cache.GetOrCreateAsync("outer-tagged", async _ => await Read(cache, "deep-tagged", "rates")));

        void Data(string path, Func<HybridCache, ValueTask<string>> read) =>
            a.MapGet(path + "/{id}", async (HybridCache cache) => await read(cache)).Cached();
    }

    private static ValueTask<string> Read(HybridCache cache, string key, params string[] tags) =>
        cache.GetOrCreateAsync(key, _ => new ValueTask<string>("x"), tags: tags);

    private sealed class Row
    {
        public int Id { get; set; }
    }
}
