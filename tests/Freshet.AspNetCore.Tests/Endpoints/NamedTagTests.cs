using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

/// <summary>A tag that looks like an entity's, and is none, is one that nothing touches: a warning says so, with both names.</summary>
public class NamedTagTests
{
    private static Task<TestApp> StartAsync(Action<WebApplication> map, Action<EntityModelBuilder>? model = null) => TestApp.StartAsync(map, freshet => freshet.AddEntities(m =>
    {
        m.Entity<Blog>("Blog").Key(b => b.Id);
        model?.Invoke(m);
    }));

    [Theory]
    [InlineData("blog/**")]
    [InlineData("blogs/{id}")]
    [InlineData("Blgo/{id}/x")]
    public async Task TagOfAPolicyThatIsNearAnEntity_IsAWarningAtStart(string tag)
    {
        await using var app = await StartAsync(a => a.MapGet("/x/{id}", (string id) => id).Cached(c => c.Tag(tag)));
        var warning = Assert.Single(Warnings(app));
        Assert.Contains($"'{tag}'", warning, StringComparison.Ordinal);
        Assert.Contains("'Blog'", warning, StringComparison.Ordinal);
        Assert.Contains("/x/{id}", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TagOfAnAttributeOrANamedPolicy_IsCheckedToo()
    {
        await using var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/a", () => "a").WithMetadata(new CachedAttribute { Tags = ["blog/**"] });
                a.MapGet("/b", () => "b").Cached("blogs");
            },
            freshet => freshet.AddEntities(m => m.Entity<Blog>("Blog")).Policy("blogs", c => c.Tag("blogs/**")));
        Assert.Equal(2, Warnings(app).Length);
    }

    [Theory]
    [InlineData("Blog/**")]
    [InlineData("Blog/{id}")]
    [InlineData("rate/{id}")]
    [InlineData("{id}/**")]
    [InlineData("**")]
    [InlineData("blogs/{id}")]
    public async Task TagOfAnEntity_OrOneThatIsDeclared_IsNoWarning(string tag)
    {
        await using var app = await StartAsync(a => a.MapGet("/x/{id}", (string id) => id).Cached(c => c.Tag(tag)), m => m.Entity("blogs"));
        await app.GetAsync("/x/1");
        Assert.Empty(Warnings(app));
    }

    [Fact]
    public async Task TagOfTheTypeAlone_IsAWarningAtStart()
    {
        await using var app = await StartAsync(a => a.MapGet("/x", () => "x").Cached(c => c.Tag("Blog")));
        Assert.Contains("Write 'Blog/**'", Assert.Single(Warnings(app)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("handler")]
    [InlineData("delegate")]
    [InlineData("HybridCache")]
    [InlineData("RemoveByTag")]
    [InlineData("Invalidate")]
    public async Task TagInCodeThatIsNearAnEntity_IsOneWarning(string where)
    {
        await using var app = await StartAsync(a =>
        {
            a.MapGet("/handler/{id}", (string id, HttpContext http) =>
            {
                http.Freshet().Tag($"blog/{id}");
                return id;
            }).Cached();
            a.MapGet("/delegate/{id}", (string id) => id).Cached(c => c.Tag(http => Tag.Of("blog", http.Request.Path.Value![1..])));
        });
        var cache = app.Services.GetRequiredService<HybridCache>();
        for (var i = 0; i < 2; i++)
        {
            await (where switch
            {
                "HybridCache" => cache.GetOrCreateAsync($"key {i}", _ => new ValueTask<int>(1), tags: ["blog/5"]).AsTask(),
                "RemoveByTag" => cache.RemoveByTagAsync("blog/5").AsTask(),
                "Invalidate" => app.Services.GetRequiredService<CacheInvalidationService>().InvalidateAsync(Tag.Parse("blog/5")).AsTask(),
                _ => app.GetAsync($"/{where}/{i}"),
            });
        }

        var warning = Assert.Single(Warnings(app));
        Assert.Contains("'blog'", warning, StringComparison.Ordinal);
        Assert.Contains("'Blog'", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamesThatClientsMake_AreRememberedWithinABound()
    {
        await using var app = await StartAsync(a => { });
        for (var i = 0; i < 3 * Freshet.Invalidation.NamedTags.MaxNames; i++)
            app.Services.GetRequiredService<Freshet.Invalidation.EntityModelSource>().Tags.InCode(Tag.Of($"blog{(char)('a' + i)}"));
        Assert.InRange(Warnings(app).Length, 1, Freshet.Invalidation.NamedTags.MaxNames);
    }

    private static string[] Warnings(TestApp app) =>
        [.. app.Log.Lines.Where(l => l.Level is Microsoft.Extensions.Logging.LogLevel.Warning && l.Text.Contains("names the tag", StringComparison.Ordinal)
            || l.Text.Contains("is named by hand", StringComparison.Ordinal)).Select(l => l.Text)];

    private sealed class Blog
    {
        public int Id { get; set; }
    }
}
