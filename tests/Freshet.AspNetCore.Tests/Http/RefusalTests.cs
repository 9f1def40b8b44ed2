using System.Net.Http.Json;
using System.Text.Json;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.AspNetCore.Tests.Http;

/// <summary>Where answers are not stored, the reason of the last load is kept, and a warning says why and what to write.</summary>
public class RefusalTests
{
    private static async Task<JsonElement> ExplainAsync(TestApp app, string url) =>
        await (await app.GetAsync("/freshet/explain?url=" + url)).Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);

    private static IEnumerable<string> Warnings(TestApp app) =>
        app.Log.Lines.Where(l => l.Level is LogLevel.Warning && l.Text.Contains("stored", StringComparison.Ordinal)).Select(l => l.Text);

    [Fact]
    public async Task LastLoadIsNotStored_ExplainAndHeadersKeepItsReason()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x/{id}", (HttpContext http) =>
            {
                LoadScope.Current!.DoNotStore(CacheReason.UnknownSource, "the table 'report' is not in the model");
                return "x";
            }).Cached(c => c.Public()),
            environment: "Development");
        for (var i = 0; i < 3; i++)
            Assert.EndsWith("detail=unknown-source", (await app.GetAsync("/x/1")).CacheStatus(), StringComparison.Ordinal);

        var explained = await ExplainAsync(app, "/x/1");
        Assert.Equal("BYPASS (hit-for-pass: unknown-source)", explained.GetProperty("verdict").GetString());
        foreach (var last in (JsonElement[])[explained.GetProperty("lastLoad"), explained.GetProperty("lastNotStored")])
        {
            Assert.Equal("unknown-source", last.GetProperty("reason").GetString());
            Assert.Equal("the table 'report' is not in the model", last.GetProperty("detail").GetString());
            Assert.Equal(CacheReasonText.Advice(CacheReason.UnknownSource), last.GetProperty("advice").GetString());
        }

        // Another key of the endpoint: its own last load is not known.
        var other = await ExplainAsync(app, "/x/2");
        Assert.Equal("MISS (absent)", other.GetProperty("verdict").GetString());
        Assert.Equal(JsonValueKind.Null, other.GetProperty("lastLoad").ValueKind);
        Assert.Equal("unknown-source", other.GetProperty("lastNotStored").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task ReasonThatDoesNotLast_IsExplainedToo()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () =>
            {
                LoadScope.Current!.DoNotStore(CacheReason.NestedUnknown);
                return "x";
            }).Cached(c => c.Public()),
            environment: "Development");
        await app.GetAsync("/x");
        Assert.Equal("nested-unknown", (await ExplainAsync(app, "/x")).GetProperty("lastNotStored").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task FaultOfTheCode_WarnsOnceForEachEndpointAndReason_InProduction_WithTheDetail()
    {
        await using var app = await TestApp.StartAsync(a =>
        {
            a.MapGet("/x/{reason:int}", (int reason) =>
            {
                LoadScope.Current!.DoNotStore((CacheReason)reason, "the cause");
                return "x";
            }).Cached(c => c.Public());
            a.MapGet("/y/{id}", (string id) =>
            {
                LoadScope.Current!.DoNotStore(CacheReason.UsedContext, "the cause");
                return id;
            }).Cached(c => c.Public());
        });
        for (var i = 0; i < 3; i++)
        {
            await app.GetAsync($"/x/{(int)CacheReason.UnknownSource}");
            await app.GetAsync($"/x/{(int)CacheReason.UsedContext}");
            await app.GetAsync($"/y/{i}");
        }

        var warnings = Warnings(app).ToArray();
        Assert.Equal(3, warnings.Length);
        Assert.All(warnings, w => Assert.Contains(": the cause)", w, StringComparison.Ordinal));
        Assert.Single(warnings, w => w.Contains("/x/", StringComparison.Ordinal) && w.Contains("(unknown-source", StringComparison.Ordinal));
        Assert.Single(warnings, w => w.Contains("/x/", StringComparison.Ordinal) && w.Contains("(used-context", StringComparison.Ordinal));
        Assert.Single(warnings, w => w.Contains("/y/", StringComparison.Ordinal) && w.Contains(CacheReasonText.Advice(CacheReason.UsedContext), StringComparison.Ordinal));
    }

    [Fact]
    public async Task StatusThatIsNotDeclared_WarnsOnlyWhereNothingIsEverStored()
    {
        await using var app = await TestApp.StartAsync(a =>
        {
            a.MapGet("/never/{id:int}", (int id) => Results.NotFound()).Cached(c => c.Public());
            a.MapGet("/sometimes/{id:int}", (int id) => id == 0 ? Results.Text("x") : Results.NotFound()).Cached(c => c.Public());
        });
        for (var i = 0; i < 3 * NeverStored.Many; i++)
        {
            await app.GetAsync($"/never/{i}");
            await app.GetAsync($"/sometimes/{i}");
            await app.GetAsync($"/nowhere/{i}");
        }

        var warning = Assert.Single(Warnings(app));
        Assert.Contains("/never/{id:int}", warning, StringComparison.Ordinal);
        Assert.Contains("(last: status)", warning, StringComparison.Ordinal);
        Assert.Contains(".Statuses(", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScopeThatIsNeverKnown_Warns()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(), freshet: f => f.Tenants(t => t.FromClaim("tenent")));
        for (var i = 0; i < 2 * NeverStored.Many; i++)
            await app.GetAsync("/x", TestApp.As("alice;tenant=acme"));
        var warning = Assert.Single(Warnings(app));
        Assert.Contains("(last: scope-unknown)", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", warning, StringComparison.Ordinal);
        Assert.DoesNotContain("acme", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InputInATag_IsInNoWarning_AndFaultsOfADelegateAreLoggedOnce()
    {
        await using var app = await TestApp.StartAsync(a =>
        {
            a.MapGet("/x/{id}/{name}", (string id, string name, HttpContext http) =>
            {
                http.Freshet().Tag($"x/{id}/{name}");
                return id;
            }).Cached();
            a.MapGet("/y/{id}", (string id) => id).Cached(c => c.Tag(http => Tag.Parse($"y/{http.Request.RouteValues["id"]}/*")));
        });
        for (var i = 0; i < 3; i++)
        {
            await app.GetAsync($"/x/*/secret-{i}");
            await app.GetAsync($"/y/secret-{i}");
        }

        var warnings = Warnings(app).ToArray();
        Assert.Equal(2, warnings.Length);
        Assert.All(warnings, w => Assert.DoesNotContain("secret", w, StringComparison.Ordinal));
        Assert.Contains(warnings, w => w.Contains("tag-invalid", StringComparison.Ordinal) && w.Contains("Tag.Of(", StringComparison.Ordinal));
    }

    [Fact]
    public void EndpointsThatAreMadeAnewAgainAndAgain_WarnABoundedNumberOfTimes()
    {
        var log = new LogLines();
        using var factory = LoggerFactory.Create(b => b.AddProvider(log));
        var neverStored = new NeverStored(factory.CreateLogger<NeverStored>());
        for (var i = 0; i < 10; i++)
            neverStored.Note(new Refusals(), "again", CacheReason.NoDependency, null);
        Assert.Single(log.Lines);

        for (var i = 0; i < 3 * NeverStored.MaxNames; i++)
            neverStored.Note(new Refusals(), $"new {i}", CacheReason.NoDependency, null);
        Assert.Equal(NeverStored.MaxNames + 1, log.Lines.Count);
        Assert.Contains("no more will", log.Lines[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void FirstAnswersAtOnce_WarnOnce()
    {
        var log = new LogLines();
        using var factory = LoggerFactory.Create(b => b.AddProvider(log));
        var neverStored = new NeverStored(factory.CreateLogger<NeverStored>());
        var refusals = new Refusals();
        Parallel.For(0, 10_000, i => neverStored.Note(refusals, "x", i % 2 == 0 ? CacheReason.NoDependency : CacheReason.Status, null));
        Assert.Equal(2, log.Lines.Count);
    }
}
