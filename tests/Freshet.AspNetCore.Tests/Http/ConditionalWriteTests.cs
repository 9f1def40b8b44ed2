using System.Net;
using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class ConditionalWriteTests
{
    // A resource whose store checks and writes in one statement, as EF's concurrency token does.
    private static Task<TestApp> StartAsync(bool required = true, bool losesRace = false)
    {
        long version = 7;
        return TestApp.StartAsync(a =>
        {
            a.MapGet("/x", () => new { name = "x", version }).Cached(c => c.VersionFrom("version").Tag("x"));
            a.MapPut("/x", async (HttpContext http, TestEngine engine) =>
            {
                var expected = http.Freshet().IfMatch?.Require(version) ?? version;
                if (losesRace || expected != version)
                    throw new Microsoft.EntityFrameworkCore.DbUpdateConcurrencyException();
                version++;
                await engine.Engine.InvalidateAsync(Tenant.Default, [Tag.Of("x")]);
                return new { version };
            }).RequireIfMatch(required);
        }, services: s => TestEngine.Add(s));
    }

    private static async Task<HttpStatusCode> PutAsync(TestApp app, string? ifMatch) =>
        (await app.SendAsync(HttpMethod.Put, "/x", ifMatch is null ? [] : [("If-Match", ifMatch)])).StatusCode;

    [Fact]
    public async Task TagOfTheCurrentVersion_IsWrittenAgainst_AndOnlyOnce()
    {
        await using var app = await StartAsync();
        var tag = (await app.GetAsync("/x")).Header("ETag");
        Assert.EndsWith(".7\"", tag, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, tag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(app, tag));
        Assert.EndsWith(".8\"", (await app.GetAsync("/x")).Header("ETag"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, HttpStatusCode.PreconditionRequired)]
    [InlineData("*", HttpStatusCode.OK)]
    [InlineData("\"7\"", HttpStatusCode.OK)]
    [InlineData("\"6\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"6\", \"7\"", HttpStatusCode.OK)]
    [InlineData("W/\"7\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"no version\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("7", HttpStatusCode.PreconditionFailed)]
    public async Task IfMatch_Decides(string? ifMatch, HttpStatusCode expected)
    {
        await using var app = await StartAsync();
        var response = await app.SendAsync(HttpMethod.Put, "/x", ifMatch is null ? [] : [("If-Match", ifMatch)]);
        Assert.Equal(expected, response.StatusCode);
        if (expected != HttpStatusCode.OK)
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task LostRace_Is412()
    {
        await using var app = await StartAsync(losesRace: true);
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(app, "\"7\""));
    }

    [Fact]
    public async Task Optional_MayBeMissing()
    {
        await using var app = await StartAsync(required: false);
        Assert.Equal(HttpStatusCode.OK, await PutAsync(app, null));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutAsync(app, "\"7\""));
    }

    [Fact]
    public void Field_IsReadIntoVersions()
    {
        Assert.Equal(7, ConditionalWrite.Parse("\"digest.7\"")!.Version);
        Assert.Null(ConditionalWrite.Parse("\"digest.7\", \"8\"")!.Version);
        Assert.True(ConditionalWrite.Parse("\"digest.7\", \"8\"")!.Allows(8));
        Assert.True(ConditionalWrite.Parse("*")!.IsAny);
        Assert.Null(ConditionalWrite.Parse("W/\"digest.7\""));
    }
}
