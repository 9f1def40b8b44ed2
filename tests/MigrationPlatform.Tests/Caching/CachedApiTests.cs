using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Caching;

/// <summary>The policies of the API, seen from outside.</summary>
public sealed class CachedApiTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    [Theory]
    [InlineData("users/u-8")]
    [InlineData("engagements")]
    [InlineData("engagements/e-9")]
    [InlineData("imports")]
    [InlineData("imports/imp-009")]
    [InlineData("imports/imp-009/field-mappings")]
    [InlineData("assets?type=server&page=2")]
    [InlineData("assets/a-00999")]
    [InlineData("dashboard/summary")]
    public async Task WhatIsTheSameForATenant_IsLoadedOnceForIt(string path)
    {
        var first = await Bob.ReadAsync(path);
        Assert.Equal("HIT", await Vera.XCacheAsync(path));
        Assert.Equal(first.GetRawText(), (await Vera.ReadAsync(path)).GetRawText());
    }

    [Fact]
    public async Task TheContext_IsEachUsersOwn()
    {
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("u-2", (await Bob.ReadAsync("context/me")).Text("id"));
            Assert.Equal("u-3", (await Vera.ReadAsync("context/me")).Text("id"));
        }

        Assert.Equal("HIT", await Bob.XCacheAsync("context/me"));
    }

    [Fact]
    public async Task Countries_AreLoadedOnceForEverybody()
    {
        await Bob.ReadAsync("reference/countries?lang=sk");
        Assert.Equal("HIT", await Platform.Anonymous.XCacheAsync("reference/countries?lang=sk"));
        Assert.Equal("HIT", await (await Platform.SignInAsync("alice@globex")).XCacheAsync("reference/countries?lang=sk"));
    }

    [Theory]
    [InlineData("users/u-1")]
    [InlineData("dashboard/summary")]
    [InlineData("context/me")]
    public async Task AStoredAnswer_IsNotGivenToStrangers(string path)
    {
        await Bob.ReadAsync(path);
        await Platform.Anonymous.RefusedAsync(path, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task AnErrorIsNotStored()
    {
        await Bob.RefusedAsync("imports/imp-none", HttpStatusCode.NotFound);
        Assert.Equal("BYPASS", await Bob.XCacheAsync("imports/imp-none"));
    }

    [Fact]
    public async Task AHit_NeedsNoSql()
    {
        await Bob.ReadAsync("imports/imp-010");
        var before = await OriginAsync("GET /api/v1/imports/{id}");
        Assert.Equal("HIT", await Bob.XCacheAsync("imports/imp-010"));
        Assert.Equal(before, await OriginAsync("GET /api/v1/imports/{id}"));
    }

    [Fact]
    public async Task ReadersThatComeTogether_ShareOneLoad()
    {
        var before = await OriginAsync("GET /api/v1/engagements");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Bob.ReadAsync("engagements")));
        Assert.Single(answers.Select(answer => answer.GetRawText()).Distinct(StringComparer.Ordinal));
        Assert.InRange((await OriginAsync("GET /api/v1/engagements")).Loads - before.Loads, 0, 2);
    }

    [Fact]
    public async Task AKnownTag_IsAnsweredWithoutBody_UntilTheRowChanges()
    {
        using var first = await Bob.GetAsync("/api/v1/assets/a-00555");
        var tag = first.Headers.ETag!;
        Assert.Equal(HttpStatusCode.NotModified, await StatusAsync(HttpMethod.Get, "assets/a-00555", "If-None-Match", tag.ToString()));
        await Bob.WriteAsync(HttpMethod.Patch, "assets/a-00555", new { name = "Renamed" });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Get, "assets/a-00555", "If-None-Match", tag.ToString()));
    }

    [Theory]
    [InlineData("PUT", "users/u-10", """{"name":"B","email":"b@new.example","phone":"+421 900 000 001"}""")]
    [InlineData("PUT", "engagements/e-12", """{"name":"Renamed","status":"onHold"}""")]
    [InlineData("PATCH", "assets/a-00777", """{"name":"Renamed"}""")]
    public async Task AWriteAgainstAnOldVersion_IsRefused(string method, string path, string body)
    {
        using var read = await Alice.GetAsync($"/api/v1/{path}");
        var old = read.Headers.ETag!.ToString();
        var sent = JsonDocument.Parse(body).RootElement;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(new HttpMethod(method), path, "If-Match", old, sent));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await StatusAsync(new HttpMethod(method), path, "If-Match", old, sent));
        Assert.Equal(2, (await Alice.ReadAsync(path)).Version());
    }

    [Fact]
    public async Task AMappingInAList_IsWrittenAgainstTheVersionThatItsRowShows()
    {
        var sent = JsonDocument.Parse("""{"target":"title"}""").RootElement;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(HttpMethod.Patch, "field-mappings/m-020-1", "If-Match", "\"1\"", sent));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await StatusAsync(HttpMethod.Patch, "field-mappings/m-020-1", "If-Match", "\"1\"", sent));
    }

    [Fact]
    public async Task AWriteIsSeenByEverybodyAtOnce()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"Round {round}";
            await Task.WhenAll(Bob.ReadAsync("assets/a-00333"), Vera.ReadAsync("assets/a-00333"));
            await Bob.WriteAsync(HttpMethod.Patch, "assets/a-00333", new { name });
            var seen = await Task.WhenAll(Bob.ReadAsync("assets/a-00333"), Vera.ReadAsync("assets/a-00333"), Alice.ReadAsync("assets/a-00333"));
            Assert.All(seen, asset => Assert.Equal(name, asset.Text("name")));
        }
    }

    [Fact]
    public async Task ALoadThatReadBeforeAWrite_IsNeitherStoredNorGivenToWhoCameAfter()
    {
        const string Path = "assets/a-00444";
        using var slow = await Bob.PostAsJsonAsync("/dev/faults", new { route = "/api/v1/assets/{id}", delayMs = 700 });
        var before = await OriginAsync("GET /api/v1/assets/{id}");
        var early = Bob.ReadAsync(Path);
        // The handler has read by the time its command is counted; the load still takes 700 ms.
        while ((await OriginAsync("GET /api/v1/assets/{id}")).Commands == before.Commands) await Task.Yield();
        await Alice.WriteAsync(HttpMethod.Patch, Path, new { name = "Changed during the load" });
        var late = Vera.ReadAsync(Path);
        Assert.Equal("Changed during the load", (await late).Text("name"));
        Assert.Equal(1, (await early).Version());
        using var fast = await Bob.PostAsync("/dev/faults", content: null);
        Assert.Equal("Changed during the load", (await Bob.ReadAsync(Path)).Text("name"));
    }

    [Fact]
    public async Task TheReflection_ShowsOnlyWhatIsInTheKey()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dev/reflect?a=1");
        request.Headers.Add("X-Poison", "1");
        request.Headers.Add("Cookie", "poison=1");
        using var answer = await Bob.SendAsync(request);
        var seen = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("""{"a":"1"}""", seen.GetProperty("query").GetRawText());
        Assert.Equal("{}", seen.GetProperty("cookies").GetRawText());
        Assert.Equal("[]", seen.GetProperty("claims").GetRawText());
        Assert.DoesNotContain("oison", seen.GetRawText(), StringComparison.OrdinalIgnoreCase);
        using var again = await Platform.Anonymous.GetAsync("/dev/reflect?a=1");
        Assert.Equal("HIT", again.Headers.GetValues("X-Cache").Single());
    }

    private async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string header, string value, JsonElement? body = null)
    {
        using var request = new HttpRequestMessage(method, $"/api/v1/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add(header, value);
        using var answer = await Alice.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<(int Loads, int Commands)> OriginAsync(string route) =>
        (await Bob.GetFromJsonAsync<JsonElement>("/dev/origin")).GetProperty("routes").EnumerateArray()
        .Where(work => work.Text("route") == route)
        .Select(work => (work.GetProperty("loads").GetInt32(), work.GetProperty("commands").GetInt32())).SingleOrDefault();
}
