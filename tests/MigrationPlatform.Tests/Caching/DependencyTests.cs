using System.Net;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Data;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Caching;

/// <summary>For each entity type: its writes drop what depends on it and nothing else, in no other tenant.</summary>
public sealed class DependencyTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    // One answer of every kind. What a write is not said to drop must stay.
    private static readonly string[] Everything =
    [
        "context/me", "users/u-1", "users/u-7",
        "engagements", "engagements/e-1", "engagements/e-2",
        "imports", "imports?engagementId=e-1", "imports?engagementId=e-2", "imports/imp-001", "imports/IMP-001",
        "imports/imp-001/field-mappings", "imports/imp-002/field-mappings",
        "assets", "assets?engagementId=e-1", "assets?engagementId=e-2", "assets/a-00001", "assets/a-00002",
        "dashboard/summary", "reference/countries?lang=en", "reference/countries?lang=sk",
    ];

    [Fact]
    public Task AUser_DropsTheUserAndItsContext() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Put, "users/u-1", new { name = "Alice N.", email = "a@acme.example", phone = "+421 900 1" }),
        "context/me", "users/u-1");

    [Fact]
    public Task ARole_DropsTheUserOnly() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Put, "users/u-7/role", new { role = "viewer" }),
        "users/u-7");

    [Fact]
    public Task AnEngagement_DropsItselfTheListAndTheDashboard() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "Renamed", status = "done" }),
        "engagements", "engagements/e-1", "dashboard/summary");

    [Fact]
    public Task AMapping_DropsTheMappingsOfItsImportAndTheDashboard() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Patch, "field-mappings/m-001-1", new { status = "pending", target = "label" }),
        "imports/imp-001/field-mappings", "dashboard/summary");

    [Fact]
    public Task ABulkDecision_DropsTheMappingsOfItsImportAndTheDashboard() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Post, "imports/imp-002/field-mappings/bulk", new { action = "approve" }),
        "imports/imp-002/field-mappings", "dashboard/summary");

    [Fact]
    public Task AnAsset_DropsItselfWhatListsItAndTheDashboard() => DropsAsync(
        () => Alice.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "Renamed" }),
        "assets", "assets?engagementId=e-1", "assets/a-00001", "dashboard/summary");

    [Fact]
    public Task AnImport_DropsTheListsItAppearsIn() => DropsAsync(
        () => Alice.ImportAsync("e-2", "name,type\nLedger,server\n"),
        "imports", "imports?engagementId=e-2", "assets", "assets?engagementId=e-2", "dashboard/summary");

    [Fact]
    public Task AClient_DropsTheEngagementsThatShowIt() => DropsAsync(
        () => Platform.InDatabaseAsync("acme", async db =>
        {
            (await db.Clients.SingleAsync(client => client.Id == "c-2")).Name = "Renamed";
            await db.SaveChangesAsync();
        }),
        "engagements", "engagements/e-1");

    [Fact]
    public Task ACountry_DropsBothLanguages() => DropsAsync(
        () => Platform.InDatabaseAsync("acme", async db =>
        {
            (await db.Countries.SingleAsync(country => country.Code == "SK")).English = "Slovak Republic";
            await db.SaveChangesAsync();
        }),
        "reference/countries?lang=en", "reference/countries?lang=sk");

    [Fact]
    public Task ARefusedWrite_DropsNothing() => DropsAsync(async () =>
    {
        await Vera.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "x" }, HttpStatusCode.Forbidden);
        await Alice.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "" }, HttpStatusCode.BadRequest);
        await Alice.WriteAsync(HttpMethod.Put, "engagements/e-1", new { name = "x" }, HttpStatusCode.BadRequest);
    });

    [Fact]
    public async Task AClientDeclaredChanged_CascadesDownToItsAssets()
    {
        await DropsAsync(
            () => Platform.InvalidateAsync("acme", cache => cache.InvalidateAsync<Client>("c-2")),
            "engagements", "engagements/e-1",
            "imports", "imports?engagementId=e-1", "imports?engagementId=e-2", "imports/imp-001", "imports/IMP-001",
            "imports/imp-001/field-mappings", "imports/imp-002/field-mappings",
            "assets", "assets?engagementId=e-1", "assets?engagementId=e-2", "assets/a-00001", "assets/a-00002",
            "dashboard/summary");
    }

    private async Task DropsAsync(Func<Task> write, params string[] dropped)
    {
        var globex = await Platform.SignInAsync("alice@globex");
        foreach (var path in Everything)
        {
            await Alice.ReadAsync(path);
            await globex.ReadAsync(path);
        }

        foreach (var path in Everything) Assert.Equal(("HIT", path), (await Alice.XCacheAsync(path), path));
        await write();

        var gone = new List<string>();
        foreach (var path in Everything)
        {
            if (await Alice.XCacheAsync(path) != "HIT") gone.Add(path);
        }

        Assert.Equal(dropped.Order(StringComparer.Ordinal), gone.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var path in Everything.Where(path => !path.StartsWith("reference", StringComparison.Ordinal)))
            Assert.Equal(("HIT", path), (await globex.XCacheAsync(path), path));
    }
}
