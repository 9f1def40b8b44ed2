using System.Net;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Invalidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

/// <summary>What a client sends becomes part of tags: it never makes an error, and a touch of the same thing always reaches it.</summary>
public class TagInputTests
{
    public static TheoryData<string, string> Inputs => new()
    {
        { "42", "42" },
        { new string('x', 600), new string('x', 600) },
        { "50%25", "50%" },
        { "50%252F", "50%2F" },
        { "a*b", "a*b" },
        { "%2A%2A%2A", "***" },
        { "@bob", "@bob" },
        { "%40import", "@import" },
        { "%F0%9F%98%80", "\ud83d\ude00" },
    };

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task RouteValueInATag_IsReachedByATouchOfIt(string path, string value)
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{id}", (string id) => $"{++loads}").Cached(c => c.Tag("x/{id}")));
        await IsReachedAsync(app, $"/x/{path}", Tag.Of("x", value));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task InputInATextOfTheHandler_IsReachedByATouchOfIt(string path, string value)
    {
        var loads = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{id}", (string id, HttpContext http) =>
        {
            http.Freshet().Tag($"x/{id}");
            return $"{++loads}";
        }).Cached());
        await IsReachedAsync(app, $"/x/{path}", Tag.Of("x", value));
        if (value != "***")
            await IsReachedAsync(app, $"/x/{path}", Tag.Parse($"x/{value}"));
    }

    [Fact]
    public async Task PathDeeperThanATag_IsReached()
    {
        var deep = string.Join('/', Enumerable.Range(0, 30));
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{**path}", (string path, HttpContext http) =>
        {
            http.Freshet().Tag($"x/{path}");
            return path;
        }).Cached());
        await IsReachedAsync(app, $"/x/{deep}", Tag.Parse($"x/{deep}"));
        await IsReachedAsync(app, $"/x/{deep}", Tag.Parse("x/0/1"));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("**")]
    public async Task PatternInATextOfTheHandler_IsNotStored_AndTheAnswerIsWhatItWouldBe(string id)
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{id}", (string id, HttpContext http) =>
        {
            http.Freshet().Tag($"x/{id}/y");
            return id;
        }).Cached());
        var answer = await app.GetAsync($"/x/{id}");
        Assert.Equal((HttpStatusCode.OK, id), (answer.StatusCode, await answer.TextAsync()));
        Assert.EndsWith("detail=tag-invalid", answer.CacheStatus(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("7", "7")]
    [InlineData("007", "7")]
    [InlineData("+7", "7")]
    [InlineData("6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff")]
    [InlineData("@bob", "@bob")]
    [InlineData("a%252Fb", "a%2Fb")]
    public async Task TagOfAPolicy_IsTheTagOfTheEntity_ForEverySpelling(string path, string key)
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/users/{id}", (string id) => id).Cached(c => c.Tag("user/{id}")),
            freshet => freshet.AddEntities(m => m.Entity<User>("user").Key(u => u.Id)));
        var user = app.Services.GetRequiredService<EntityModelSource>().Model.Get(typeof(User));
        Assert.True(KeyText.TryFormat(key, out var segment));
        await IsReachedAsync(app, $"/users/{path}", EntityTags.Row(user, [segment]));
        Assert.Equal("MISS", (await app.GetAsync($"/users/other{path}")).XCache());
        await app.Services.GetRequiredService<CacheInvalidationService>().InvalidateAsync<User>(key);
        Assert.Equal("MISS", (await app.GetAsync($"/users/{path}")).XCache());
        Assert.Equal("HIT", (await app.GetAsync($"/users/other{path}")).XCache());
    }

    [Fact]
    public async Task KeyThatNoTagHolds_IsInvalidatedByItself()
    {
        var id = new string('x', 600);
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/users/{id}", (string id) => id).Cached(c => c.Tag("user/{id}")),
            freshet => freshet.AddEntities(m => m.Entity<User>("user").Key(u => u.Id)));
        Assert.Equal("MISS", (await app.GetAsync($"/users/{id}")).XCache());
        await app.Services.GetRequiredService<CacheInvalidationService>().InvalidateAsync<User>(id);
        Assert.Equal("MISS", (await app.GetAsync($"/users/{id}")).XCache());
    }

    [Fact]
    public async Task OptionalRouteValueThatIsNotThere_DependsOnAllThatBeginsAlike()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x/{id?}", (string? id) => id ?? "all").Cached(c => c.Tag("x/{id}")));
        await IsReachedAsync(app, "/x", Tag.Of("x", "42"));
    }

    [Fact]
    public async Task DelegateOfThePolicyThatFails_CostsTheEntry_NotTheAnswer()
    {
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => "fine").Cached(c => c.Tag(http => Tag.Of("user", http.Request.Headers["X-Not-There"].ToString()[5..]))));
        var answer = await app.GetAsync("/x");
        Assert.Equal((HttpStatusCode.OK, "fine"), (answer.StatusCode, await answer.TextAsync()));
        Assert.EndsWith("detail=tag-invalid", answer.CacheStatus(), StringComparison.Ordinal);
        Assert.Contains(app.Log.Lines, l => l.Text.Contains("A tag of the policy of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task RouteValueThatTheRouteDoesNotHave_FailsAtStart()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync(a => a.MapGet("/x/{id}", (string id) => id).Cached(c => c.Tag("x/{key}"))));
        Assert.Contains("'x/{key}'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'key'", fault.Message, StringComparison.Ordinal);
    }

    private static async Task IsReachedAsync(TestApp app, string path, Tag tag)
    {
        Assert.Equal((HttpStatusCode.OK, "MISS"), await VerdictAsync(app, path));
        Assert.Equal((HttpStatusCode.OK, "HIT"), await VerdictAsync(app, path));
        await app.Engine.InvalidateAsync(Tenant.Default, [tag]);
        Assert.Equal((HttpStatusCode.OK, "MISS"), await VerdictAsync(app, path));
        await app.Engine.InvalidateAsync(Tenant.Default, [Tag.Root]);
    }

    private static async Task<(HttpStatusCode, string)> VerdictAsync(TestApp app, string path)
    {
        var answer = await app.GetAsync(path);
        return (answer.StatusCode, answer.XCache());
    }

    private sealed class User
    {
        public string Id { get; set; } = "";
    }
}
