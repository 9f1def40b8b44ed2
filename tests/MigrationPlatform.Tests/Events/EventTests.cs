using System.Net.WebSockets;
using System.Text.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Events;

/// <summary>What the platform's clients hear: each write by name, of their own tenant only, in the words of the answers they keep.</summary>
public sealed class EventTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    public static TheoryData<string, string, string, string, string?, string, string> Writes => new()
    {
        // What is written, what with, what is told of it, and an answer that is concerned. A user's row is named to that user alone.
        { "PUT", "engagements/e-3", """{"name":"Told","status":"done"}""", "engagement", "e-3", "updated", "engagements/e-3" },
        { "PATCH", "assets/a-00100", """{"name":"Told"}""", "asset", "a-00100", "updated", "dashboard/summary" },
        { "PATCH", "field-mappings/m-004-1", """{"target":"label"}""", "mapping", "m-004-1", "updated", "imports/imp-004/field-mappings" },
        { "PUT", "users/u-11", """{"name":"Told","email":"t@acme.example","phone":"+421 900 1"}""", "user", null, "updated", "users/u-11" },
        { "POST", "imports/imp-005/field-mappings/bulk", """{"action":"approve"}""", "mapping", null, "bulk_operation", "imports/imp-005/field-mappings" },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task AWrite_IsToldByEntityIdAndAction_AndNamesAGroupOfTheAnswerItConcerns(
        string method, string path, string body, string entity, string? id, string action, string concerned)
    {
        var groups = await GroupsAsync(Vera, concerned);
        await using var vera = await EventSocket.ConnectAsync(Platform, Vera);
        await Alice.WriteAsync(new HttpMethod(method), path, JsonDocument.Parse(body).RootElement);

        var change = await vera.ChangeAsync();
        Assert.Equal((entity, id, action), (change.Text("entity"), change.GetProperty("id").GetString(), change.Text("action")));
        Assert.NotEmpty(groups.Intersect(change.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!), StringComparer.Ordinal));
    }

    [Fact]
    public async Task AWrite_IsNotToldToAnotherTenant()
    {
        var globexAlice = await Platform.SignInAsync("alice@globex");
        await using var globex = await EventSocket.ConnectAsync(Platform, globexAlice);
        await using var acme = await EventSocket.ConnectAsync(Platform, Vera);
        await Alice.WriteAsync(HttpMethod.Patch, "assets/a-00101", new { name = "Of acme" });
        Assert.Equal("a-00101", (await acme.ChangeAsync()).Text("id"));

        // Messages keep their order: had globex heard of acme's asset, it would be the first that it hears of.
        await globexAlice.WriteAsync(HttpMethod.Patch, "assets/a-00102", new { name = "Of globex" });
        Assert.Equal("a-00102", (await globex.ChangeAsync()).Text("id"));
    }

    [Fact]
    public async Task AUsersContext_IsToldToThatUserAlone()
    {
        await using var vera = await EventSocket.ConnectAsync(Platform, Vera);
        await using var bob = await EventSocket.ConnectAsync(Platform, Bob);
        await Alice.WriteAsync(HttpMethod.Put, "users/u-3", new { name = "Vera K.", email = "v@acme.example", phone = "+421 900 3" });
        var (told, other) = (await vera.ChangeAsync(), await bob.ChangeAsync());
        Assert.Equal("user,user-context u-3", $"{Entities(told)} {told.GetProperty("id")}");
        Assert.Equal("user ", $"{Entities(other)} {other.GetProperty("id")}");
        Assert.NotEmpty(await GroupsAsync(Vera, "context/me"));
    }

    [Fact]
    public async Task ANewRole_ClosesTheConnectionsOfThatUserOnly()
    {
        var user = await Platform.SignInAsync("user12@acme");
        await using var closed = await EventSocket.ConnectAsync(Platform, user);
        await using var other = await EventSocket.ConnectAsync(Platform, Vera);
        await Alice.WriteAsync(HttpMethod.Put, "users/u-12/role", new { role = "editor" });

        var last = await closed.NextAsync();
        // The change itself may come first.
        if (last.Type == "cache_invalidation") last = await closed.NextAsync();
        Assert.Equal("close 4403 rights changed", last.Type);
        Assert.Equal("user", (await other.ChangeAsync()).Text("entity"));
        await Alice.WriteAsync(HttpMethod.Patch, "assets/a-00103", new { name = "Still told" });
        Assert.Equal("a-00103", (await other.ChangeAsync()).Text("id"));
    }

    [Fact]
    public async Task WhoIsNotSignedIn_IsRefused()
    {
        using var stranger = new ClientWebSocket();
        stranger.Options.CollectHttpResponseDetails = true;
        var address = new UriBuilder(Platform.Address) { Scheme = "ws", Path = "/ws/cache-events" }.Uri;
        await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(address, TestContext.Current.CancellationToken));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, stranger.HttpStatusCode);
    }

    private static string Entities(JsonElement change) =>
        string.Join(',', change.GetProperty("entities").EnumerateArray().Select(entity => entity.GetString()));

    private static async Task<string[]> GroupsAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync($"/api/v1/{path}");
        answer.EnsureSuccessStatusCode();
        return [.. answer.Headers.GetValues("Cache-Groups").Single().Split(", ").Select(name => name.Trim('"'))];
    }
}
