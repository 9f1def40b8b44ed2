using System.Text.Json;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Caching;

/// <summary>The platform on PostgreSQL, for a class of tests.</summary>
public sealed class PostgresPlatform : IAsyncLifetime
{
    private readonly PostgresServer _server = new();
    private Platform? _platform;

    internal HttpClient Alice { get; private set; } = null!;

    internal HttpClient Vera { get; private set; } = null!;

    /// <summary>The admin of the other tenant, which has the same ids.</summary>
    internal HttpClient Stranger { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _platform = await Platform.StartAsync("--ConnectionStrings:Platform", await _server.CreateDatabaseAsync());
        Alice = await _platform.SignInAsync("alice@acme");
        Vera = await _platform.SignInAsync("vera@acme");
        Stranger = await _platform.SignInAsync("alice@globex");
    }

    public async ValueTask DisposeAsync()
    {
        if (_platform is not null) await _platform.DisposeAsync();
        await _server.DisposeAsync();
    }
}

/// <summary>Reads become dependencies and writes invalidate on PostgreSQL as they do on SQLite.</summary>
public sealed class PostgresTests(PostgresPlatform platform) : IClassFixture<PostgresPlatform>
{
    public static TheoryData<string, string, string, string[]> Changes => new()
    {
        { "PATCH", "assets/a-00001", """{"name":"Renamed"}""", ["assets/a-00001", "assets?engagementId=e-1", "dashboard/summary"] },
        { "PUT", "engagements/e-1", """{"name":"Renamed","status":"onHold"}""", ["engagements/e-1", "engagements", "dashboard/summary"] },
        { "PATCH", "field-mappings/m-001-1", """{"target":"title"}""", ["imports/imp-001/field-mappings", "dashboard/summary"] },
        { "POST", "imports/imp-002/field-mappings/bulk", """{"action":"reject"}""", ["imports/imp-002/field-mappings"] },
        { "PUT", "users/u-8/role", """{"role":"admin"}""", ["users/u-8"] },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task AChange_TurnsTheHitsThatShowItIntoMisses_InItsTenantOnly(string method, string path, string body, string[] shows)
    {
        string[] others = ["assets/a-00777", "imports/IMP-001", "users/u-9"];
        await HitAsync([.. shows, .. others]);
        var before = await VersionsAsync(shows);

        await platform.Alice.WriteAsync(new HttpMethod(method), path, JsonDocument.Parse(body).RootElement);

        foreach (var shown in shows) Assert.Equal(("MISS", shown), (await platform.Vera.XCacheAsync(shown), shown));
        foreach (var other in others) Assert.Equal(("HIT", other), (await platform.Vera.XCacheAsync(other), other));
        Assert.All((await VersionsAsync(shows)).Zip(before), versions => Assert.True(versions.First > versions.Second));
        await StrangerStillHitsAsync([.. shows, .. others]);
    }

    [Fact]
    public async Task AnImport_ShowsInTheListsAndOnTheDashboard_OfItsTenantOnly()
    {
        string[] shows = ["imports", "imports?engagementId=e-2", "assets?engagementId=e-2", "dashboard/summary"];
        string[] others = ["imports/imp-001", "assets?engagementId=e-3", "engagements"];
        await HitAsync([.. shows, .. others]);
        var total = (await platform.Vera.ReadAsync(shows[2])).GetProperty("total").GetInt32();

        var import = await platform.Alice.ImportAsync("e-2", "name,type\nLedger,server\nPayroll,database\n");

        foreach (var shown in shows) Assert.Equal(("MISS", shown), (await platform.Vera.XCacheAsync(shown), shown));
        foreach (var other in others) Assert.Equal(("HIT", other), (await platform.Vera.XCacheAsync(other), other));
        var id = import.Text("id");
        Assert.Equal(import.GetRawText(), (await platform.Vera.ReadAsync($"imports/{id}")).GetRawText());
        Assert.Contains((await platform.Vera.ReadAsync("imports")).Items(), row => row.Text("id") == id);
        Assert.Equal(2, (await platform.Vera.ReadAsync($"imports/{id}/field-mappings")).Items().Count);
        Assert.Equal(total + 2, (await platform.Vera.ReadAsync(shows[2])).GetProperty("total").GetInt32());
        await StrangerStillHitsAsync([.. shows, .. others]);
        await platform.Stranger.RefusedAsync($"imports/{id}", System.Net.HttpStatusCode.NotFound);
    }

    /// <summary>Both tenants have read it all, and each the own.</summary>
    private async Task HitAsync(string[] paths)
    {
        foreach (var path in paths)
        {
            Assert.Equal("acme", (await platform.Vera.ReadAsync(path)).Text("tenant"));
            Assert.Equal("globex", (await platform.Stranger.ReadAsync(path)).Text("tenant"));
            Assert.Equal(("HIT", path), (await platform.Vera.XCacheAsync(path), path));
        }
    }

    private async Task StrangerStillHitsAsync(string[] paths)
    {
        foreach (var path in paths)
        {
            Assert.Equal(("HIT", path), (await platform.Stranger.XCacheAsync(path), path));
            Assert.Equal("globex", (await platform.Stranger.ReadAsync(path)).Text("tenant"));
        }
    }

    private async Task<List<long>> VersionsAsync(string[] paths)
    {
        List<long> versions = [];
        foreach (var path in paths) versions.Add((await platform.Vera.ReadAsync(path)).Version());
        return versions;
    }
}
