using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Events;

public class AnswerGroupsTests
{
    private const string Alice = "alice;tenant=acme";

    private static string[] Groups(HttpResponseMessage answer, string header = "Cache-Groups") =>
        [.. answer.Header(header).Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(g => g.Trim('"'))];

    [Fact]
    public async Task Answer_NamesItsGroups_OnMissHitAnd304_AndEventsUseThem()
    {
        await using var app = await EventApp.StartAsync(map: a => a.MapGet("/import/{id}", (string id) => $"import {id}").Cached(c => c.PerTenant().Tag("import/{id}")));
        await using var socket = await EventSocket.ReadyAsync(app);
        var miss = await app.GetAsync("/import/42", As(Alice));
        var hit = await app.GetAsync("/import/42", As(Alice));
        var same = await app.GetAsync("/import/42", As(Alice), ("If-None-Match", hit.Header("ETag")));
        var other = await app.GetAsync("/import/43", As(Alice));

        Assert.Equal(("MISS", "HIT", 304), (miss.XCache(), hit.XCache(), (int)same.StatusCode));
        // Of the row, in the tenant and in public: a write without a tenant reaches it there.
        Assert.Equal(4, Groups(miss).Length);
        Assert.Equal(Groups(miss), Groups(hit));
        Assert.Equal(Groups(miss), Groups(same));
        Assert.Contains("; ttl=300", miss.CacheStatus(), StringComparison.Ordinal);

        await app.WriteAsync("import", "42");
        var tags = (await socket.ReadAsync()).Texts("tags");
        Assert.NotEmpty(tags.Intersect(Groups(miss), StringComparer.Ordinal));
        Assert.Empty(tags.Intersect(Groups(other), StringComparer.Ordinal));
    }

    [Fact]
    public async Task AnswerToAWrite_NamesWhatItInvalidated()
    {
        await using var app = await EventApp.StartAsync(
            map: a =>
            {
                a.MapGet("/import/{id}", (string id) => $"import {id}").Cached(c => c.PerTenant().Tag("import/{id}"));
                a.MapPost("/import/{id}", async (string id, TestEngine engine) => await engine.Engine.InvalidateAsync(EventApp.Acme, [Tag.Of("import", id)]));
            },
            freshet: f => TestEngine.Add(f.Services));
        var answer = await app.GetAsync("/import/42", As(Alice));
        var write = await app.SendAsync(HttpMethod.Post, "/import/42", As(Alice));
        Assert.NotEmpty(Groups(write, "Cache-Group-Invalidation").Intersect(Groups(answer), StringComparer.Ordinal));
        Assert.NotEmpty(write.Header("Freshet-Position"));
    }

    [Fact]
    public async Task AnswerMadeFromSomebodyElsesRow_NamesNone()
    {
        await using var app = await EventApp.StartAsync(map: a =>
        {
            a.MapGet("/mine", (HttpContext http) => http.User.FindFirst("sub")!.Value).Cached(c => c.Tag("inbox/alice"));
            a.MapGet("/all", () => "all").Cached(c => c.PerTenant().Tag("inbox/**"));
        });
        Assert.NotEmpty(Groups(await app.GetAsync("/mine", As(Alice))));
        Assert.Empty(Groups(await app.GetAsync("/mine", As("bob;tenant=acme"))));
        Assert.Empty(Groups(await app.GetAsync("/all", As(Alice))));
    }

    [Fact]
    public async Task AnswerThatAClientCannotKeyItself_NamesNone()
    {
        await using var app = await EventApp.StartAsync(map: a =>
        {
            a.MapGet("/by-part", () => "x").Cached(c => c.PerTenant().Tag("import/1").VaryBy(http => http.Request.Cookies["theme"]));
            a.MapGet("/browser", () => "x").Cached(c => c.PerTenant().Tag("import/1").InBrowser(TimeSpan.FromMinutes(1)));
        });
        foreach (var path in new[] { "/by-part", "/browser" })
            Assert.Equal("", (await app.GetAsync(path, TestApp.As("alice;tenant=acme"))).Header("Cache-Groups"));
    }

    [Fact]
    public async Task ManyDependencies_AreNamedByType()
    {
        await using var app = await EventApp.StartAsync(
            o => o.MaxGroups = 4,
            a => a.MapGet("/many", (HttpContext http) =>
            {
                for (var i = 0; i < 100; i++)
                    http.Freshet().Tag($"import/{i}");
                return "many";
            }).Cached(c => c.PerTenant()));
        Assert.Equal(4, Groups(await app.GetAsync("/many", As(Alice))).Length);
    }

    [Fact]
    public void Groups_CountForTheMemoryThatAnEntryTakes()
    {
        var plain = new StoredResponse
        {
            StatusCode = 200,
            Identity = new StoredVariant(null, [], "\"x\""),
            ContentType = null,
            LastModified = null,
            CacheControl = "",
            Vary = null,
            Headers = [],
            Limits = default,
            IsCompressible = false,
        };
        var named = new StoredResponse
        {
            StatusCode = 200,
            Identity = plain.Identity,
            ContentType = null,
            LastModified = null,
            CacheControl = "",
            Vary = null,
            Headers = [],
            Limits = default,
            IsCompressible = false,
            Groups = new string('x', 1000),
        };
        Assert.Equal(2000, named.Bytes - plain.Bytes);
    }

    [Fact]
    public async Task ApplicationWithoutEvents_NamesNone()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => "x").Cached(c => c.Public().Tag("x")));
        Assert.Empty(Groups(await app.GetAsync("/x")));
    }
}
