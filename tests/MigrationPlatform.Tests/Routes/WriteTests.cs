using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Routes;

public sealed class WriteTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    private static readonly object Profile = new { name = "Bob B.", email = "bob@new.example", phone = "+421 900 000 001" };

    public static TheoryData<string, string, string> Writes => new()
    {
        { "PUT", "users/u-4", """{"name":"Bob B.","email":"bob@new.example","phone":"+421 900 000 001"}""" },
        { "PUT", "users/u-5/role", """{"role":"viewer"}""" },
        { "PUT", "engagements/e-1", """{"name":"Renamed","status":"onHold"}""" },
        { "PATCH", "field-mappings/m-001-1", """{"target":"title","status":"pending"}""" },
        { "PATCH", "assets/a-00001", """{"name":"Renamed","status":"failed"}""" },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task EveryWrite_AnswersTheRowAsItIsNow_WithItsNextVersion(string method, string path, string body)
    {
        var sent = JsonDocument.Parse(body).RootElement;
        var first = await Alice.WriteAsync(new HttpMethod(method), path, sent);
        Assert.Equal(2, first.Version());
        foreach (var field in sent.EnumerateObject())
            Assert.Equal(field.Value.ToString(), first.Text(field.Name));

        // The same again changes nothing, so it is no new version.
        Assert.Equal(2, (await Alice.WriteAsync(new HttpMethod(method), path, sent)).Version());
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task EveryWrite_IsRefusedToViewersAndStrangers(string method, string path, string body)
    {
        var sent = JsonDocument.Parse(body).RootElement;
        await Vera.WriteAsync(new HttpMethod(method), path, sent, HttpStatusCode.Forbidden);
        await Platform.Anonymous.WriteAsync(new HttpMethod(method), path, sent, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task OnlyAnAdmin_ChangesRoles()
    {
        await Bob.WriteAsync(HttpMethod.Put, "users/u-3/role", new { role = "admin" }, HttpStatusCode.Forbidden);
        await Alice.WriteAsync(HttpMethod.Put, "users/u-3/role", new { role = "editor" });
        Assert.Equal("editor", (await Vera.ReadAsync("context/me")).Text("role"));
    }

    [Fact]
    public async Task AnEditor_ChangesOnlyTheOwnProfile()
    {
        await Bob.WriteAsync(HttpMethod.Put, "users/u-2", Profile);
        await Bob.WriteAsync(HttpMethod.Put, "users/u-1", Profile, HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("PUT", "users/u-7", """{"name":"","email":"bob@new.example","phone":"1"}""")]
    [InlineData("PUT", "users/u-7", """{"name":"Bob","email":"nonsense","phone":"1"}""")]
    [InlineData("PUT", "users/u-7", """{"name":"Bob"}""")]
    [InlineData("PUT", "users/u-7/role", """{}""")]
    [InlineData("PUT", "users/u-7/role", """{"role":"emperor"}""")]
    [InlineData("PUT", "users/u-7/role", """{"role":2}""")]
    [InlineData("PUT", "engagements/e-1", """{"name":null,"status":"done"}""")]
    [InlineData("PATCH", "assets/a-00003", """{"name":""}""")]
    [InlineData("PATCH", "field-mappings/m-003-1", """{"status":"maybe"}""")]
    [InlineData("POST", "imports/imp-003/field-mappings/bulk", """{"action":"shred"}""")]
    [InlineData("POST", "imports/imp-003/field-mappings/bulk", """{"action":"approve","ids":["m-002-1"]}""")]
    public async Task ABadBody_IsAProblem_AndChangesNothing(string method, string path, string body)
    {
        var sent = JsonDocument.Parse(body).RootElement;
        await Alice.WriteAsync(new HttpMethod(method), path, sent, HttpStatusCode.BadRequest);
        Assert.Equal(1, (await Alice.ReadAsync("users/u-7")).Version());
        Assert.Equal(8, (await Alice.ReadAsync("imports/imp-003/field-mappings")).Version());
    }

    [Theory]
    [InlineData("PUT", "users/nobody", """{"name":"B","email":"b@new.example","phone":"+421 900 000 001"}""")]
    [InlineData("PUT", "users/nobody/role", """{"role":"editor"}""")]
    [InlineData("PUT", "engagements/nothing", """{"name":"Renamed","status":"onHold"}""")]
    [InlineData("PATCH", "field-mappings/nothing", """{"status":"pending"}""")]
    [InlineData("PATCH", "assets/nothing", """{"name":"Renamed"}""")]
    [InlineData("POST", "imports/nothing/field-mappings/bulk", """{"action":"approve"}""")]
    public async Task AWriteToWhatDoesNotExist_IsAProblem(string method, string path, string body) =>
        await Alice.WriteAsync(
            new HttpMethod(method), path, JsonDocument.Parse(body).RootElement, HttpStatusCode.NotFound);

    [Fact]
    public async Task Bulk_DecidesTheMappingsNamed_OrAll()
    {
        var some = await Bob.WriteAsync(
            HttpMethod.Post, "imports/imp-004/field-mappings/bulk", new { action = "reject", ids = new[] { "m-004-1", "m-004-3" } });
        Assert.Equal(2, some.GetProperty("count").GetInt32());
        Assert.Equal(["m-004-1", "m-004-3"], some.Items().Select(item => item.Text("id")), StringComparer.Ordinal);

        var all = await Bob.WriteAsync(HttpMethod.Post, "imports/imp-004/field-mappings/bulk", new { action = "approve" });
        var list = await Bob.ReadAsync("imports/imp-004/field-mappings");
        Assert.Equal(list.Version(), all.Version());
        Assert.Equal(8, all.GetProperty("count").GetInt32());
        Assert.All(list.Items(), mapping => Assert.Equal("approved", mapping.Text("status")));
    }

    [Fact]
    public async Task EveryChange_RaisesTheVersionsOfTheListsThatShowIt()
    {
        string[] lists = ["dashboard/summary", "assets?engagementId=e-1", "assets?type=database&page=9"];
        var before = new List<long>();
        foreach (var list in lists) before.Add((await Bob.ReadAsync(list)).Version());
        await Bob.WriteAsync(HttpMethod.Patch, "assets/a-00009", new { name = "Renamed" });
        for (var at = 0; at < lists.Length; at++) Assert.Equal(before[at] + 1, (await Bob.ReadAsync(lists[at])).Version());
    }

    [Fact]
    public async Task ARowChangedMeanwhile_IsAConflict()
    {
        await Platform.InDatabaseAsync("acme", async db =>
        {
            var asset = await db.Assets.SingleAsync(asset => asset.Id == "a-00008");
            await Bob.WriteAsync(HttpMethod.Patch, "assets/a-00008", new { name = "first" });
            asset.Name = "second";
            await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());
        });
        Assert.Equal("first", (await Bob.ReadAsync("assets/a-00008")).Text("name"));
    }
}
