using System.Net;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Routes;

public sealed class ReadTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    [Theory]
    [InlineData("context/me")]
    [InlineData("users/u-2")]
    [InlineData("engagements")]
    [InlineData("engagements/e-1")]
    [InlineData("imports")]
    [InlineData("imports?engagementId=e-1")]
    [InlineData("imports/imp-001")]
    [InlineData("imports/imp-001/field-mappings")]
    [InlineData("assets?engagementId=e-1&type=server&page=2&pageSize=5&sort=-bytes")]
    [InlineData("assets/a-00001")]
    [InlineData("dashboard/summary")]
    public async Task EveryRead_NeedsSignIn_AndCarriesAVersionAndItsTenant(string path)
    {
        await Platform.Anonymous.RefusedAsync(path, HttpStatusCode.Unauthorized);
        var body = await Vera.ReadAsync(path);
        Assert.True(body.Version() > 0);
        Assert.Equal("acme", body.Text("tenant"));
        if (body.TryGetProperty("items", out var items))
            Assert.All(items.EnumerateArray(), item => Assert.Equal("acme", item.Text("tenant")));
    }

    [Fact]
    public async Task Context_SaysWhoAndWhat()
    {
        var context = await Bob.ReadAsync("context/me");
        Assert.Equal("u-2", context.Text("id"));
        Assert.Equal("acme", context.Text("tenant"));
        Assert.Equal("editor", context.Text("role"));
        Assert.Equal("""["read","write"]""", context.GetProperty("permissions").GetRawText());
    }

    [Fact]
    public async Task Engagement_ShowsItsClientWithTheClientsVersion()
    {
        var engagement = await Bob.ReadAsync("engagements/e-1");
        Assert.Equal("c-2", engagement.GetProperty("client").Text("id"));
        Assert.Equal(1, engagement.GetProperty("client").Version());
    }

    [Fact]
    public async Task ImportsOfAnEngagement_AreOnlyItsOwn()
    {
        var all = (await Bob.ReadAsync("imports")).Items();
        var some = (await Bob.ReadAsync("imports?engagementId=e-1")).Items();
        Assert.NotEmpty(some);
        Assert.Equal(
            all.Where(import => import.Text("engagementId") == "e-1").Select(import => import.Text("id")),
            some.Select(import => import.Text("id")), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Assets_ArePagedWithoutGapOrOverlap()
    {
        const string Search = "assets?engagementId=e-1&type=server&sort=status";
        var whole = (await Bob.ReadAsync($"{Search}&pageSize=200")).Items().Select(asset => asset.Text("id")).ToList();
        var paged = new List<string>();
        for (var page = 1; paged.Count < whole.Count; page++)
        {
            var items = (await Bob.ReadAsync($"{Search}&pageSize=7&page={page}")).Items();
            Assert.NotEmpty(items);
            paged.AddRange(items.Select(asset => asset.Text("id")));
        }

        Assert.Equal(whole, paged, StringComparer.Ordinal);
        Assert.Equal(paged.Count, paged.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Assets_AreFilteredAndSorted()
    {
        var servers = await Bob.ReadAsync("assets?type=server&sort=-bytes&pageSize=200");
        Assert.All(servers.Items(), asset => Assert.Equal("server", asset.Text("type")));
        var sizes = servers.Items().Select(asset => asset.GetProperty("bytes").GetInt64()).ToList();
        Assert.Equal(sizes.OrderDescending(), sizes);
        Assert.True(servers.GetProperty("total").GetInt32() > 200);
    }

    [Fact]
    public async Task Dashboard_AgreesWithTheLists()
    {
        var dashboard = await Bob.ReadAsync("dashboard/summary");
        var assets = await Bob.ReadAsync("assets");
        Assert.Equal("acme", dashboard.Text("tenant"));
        Assert.Equal(
            assets.GetProperty("total").GetInt32(),
            dashboard.GetProperty("assets").EnumerateArray().Sum(type => type.GetProperty("count").GetInt32()));
        Assert.Equal(
            (await Bob.ReadAsync("imports")).Items().Count, dashboard.GetProperty("imports").GetProperty("count").GetInt32());
        Assert.Equal(5, dashboard.GetProperty("busiest").GetArrayLength());
    }

    [Fact]
    public async Task Countries_ArePublic_InTwoLanguages()
    {
        var english = await Platform.Anonymous.ReadAsync("reference/countries");
        var slovak = await Platform.Anonymous.ReadAsync("reference/countries?lang=sk");
        Assert.Contains(english.Items(), country => country.Text("id") == "SK" && country.Text("name") == "Slovakia");
        Assert.Contains(slovak.Items(), country => country.Text("id") == "SK" && country.Text("name") == "Slovensko");
    }

    [Theory]
    [InlineData("users/nobody")]
    [InlineData("engagements/nothing")]
    [InlineData("imports/nothing")]
    [InlineData("imports/nothing/field-mappings")]
    [InlineData("assets/nothing")]
    [InlineData("no/such/route")]
    public async Task WhatDoesNotExist_IsAProblem(string path) => await Bob.RefusedAsync(path, HttpStatusCode.NotFound);

    [Theory]
    [InlineData("assets?page=0", "page")]
    [InlineData("assets?pageSize=201", "pageSize")]
    [InlineData("assets?sort=colour", "sort")]
    [InlineData("assets?type=Server", "type")]
    [InlineData("reference/countries?lang=de", "lang")]
    public async Task ABadParameter_IsNamed(string path, string parameter)
    {
        var problem = await Bob.RefusedAsync(path, HttpStatusCode.BadRequest);
        Assert.True(problem.GetProperty("errors").TryGetProperty(parameter, out _), problem.ToString());
    }

    [Fact]
    public async Task AParameterThatIsNoNumber_IsAProblem() =>
        await Bob.RefusedAsync("assets?page=two", HttpStatusCode.BadRequest);

    [Fact]
    public async Task OpenApi_DescribesEveryRoute()
    {
        var text = await Platform.Anonymous.GetStringAsync("/openapi/v1.json");
        using var document = System.Text.Json.JsonDocument.Parse(text);
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        Assert.Contains("/api/v1/imports/{id}/field-mappings/bulk", paths, StringComparer.Ordinal);
        Assert.Contains("/api/v1/reference/countries", paths, StringComparer.Ordinal);
        Assert.True(paths.Count(path => path.StartsWith("/api/v1/", StringComparison.Ordinal)) >= 14);
    }
}
