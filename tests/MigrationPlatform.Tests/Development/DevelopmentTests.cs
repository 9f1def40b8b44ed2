using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Development;

public sealed class DevelopmentTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    [Fact]
    public async Task Users_AreListed_AndEachGetsAToken()
    {
        var users = await Platform.Anonymous.GetFromJsonAsync<JsonElement>("/dev/users");
        Assert.Equal(36, users.GetArrayLength());
        Assert.Equal(2, users.EnumerateArray().Select(user => user.Text("tenant")).Distinct(StringComparer.Ordinal).Count());
        foreach (var user in users.EnumerateArray().Take(3))
        {
            var client = await Platform.SignInAsync(user.Text("user"));
            Assert.Equal(user.Text("id"), (await client.ReadAsync("context/me")).Text("id"));
        }
    }

    [Theory]
    [InlineData("nobody@acme")]
    [InlineData("alice")]
    [InlineData("Alice@acme")]
    public async Task AnUnknownUser_GetsNoToken(string user)
    {
        using var answer = await Platform.Anonymous.PostAsJsonAsync("/dev/token", new { user });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Origin_CountsLoadsAndCommandsByRoute()
    {
        await Bob.ReadAsync("imports/imp-002/field-mappings");
        await Bob.WriteAsync(HttpMethod.Patch, "assets/a-00002", new { name = "renamed" });
        var routes = await OriginAsync();
        Assert.Equal((1, 2), routes["GET /api/v1/imports/{id}/field-mappings"]);
        Assert.Equal((0, 2), routes["PATCH /api/v1/assets/{id}"]);
    }

    [Fact]
    public async Task AFault_FailsTheLoadsOfItsRoute_UntilItIsCleared()
    {
        using var set = await Bob.PostAsJsonAsync("/dev/faults", new { route = "/api/v1/imports/{id}", fail = true });
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        await Bob.RefusedAsync("imports/imp-003", HttpStatusCode.InternalServerError);
        await Bob.ReadAsync("imports");
        using var cleared = await Bob.PostAsync("/dev/faults", content: null);
        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        await Bob.ReadAsync("imports/imp-003");
    }

    [Fact]
    public async Task AFaultOfNoRoute_IsRefused()
    {
        using var answer = await Bob.PostAsJsonAsync("/dev/faults", new { route = "/api/v1/nothing", delayMs = 1 });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task OutsideDevelopment_NoneOfItExists()
    {
        await using var platform = await Platform.StartAsync("--environment", "Production");
        foreach (var path in new[] { "/", "/dev/users", "/dev/origin", "/dev/reflect", "/dev/cache" })
        {
            using var answer = await platform.Anonymous.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        foreach (var path in new[] { "/dev/token", "/dev/faults", "/dev/cache" })
        {
            using var answer = await platform.Anonymous.PostAsJsonAsync(path, new { enabled = false });
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task AWrongSetting_StopsTheStart()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(
            () => Platform.StartAsync("--Platform:MaxCsvRows", "0"));
        Assert.Contains("MaxCsvRows", error.Message, StringComparison.Ordinal);
    }

    private async Task<Dictionary<string, (int Loads, int Commands)>> OriginAsync() =>
        (await Bob.GetFromJsonAsync<JsonElement>("/dev/origin")).GetProperty("routes").EnumerateArray().ToDictionary(
            route => route.Text("route"),
            route => (route.GetProperty("loads").GetInt32(), route.GetProperty("commands").GetInt32()), StringComparer.Ordinal);
}
