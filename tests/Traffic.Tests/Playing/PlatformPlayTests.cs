using Microsoft.AspNetCore.Builder;
using MigrationPlatform;
using Traffic.Measuring;
using Traffic.Playing;
using Traffic.Scripts;

namespace Traffic.Tests.Playing;

/// <summary>The script against the platform itself, over loopback: as fast as it goes, without pauses.</summary>
public sealed class PlatformPlayTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("freshet-traffic-");
    private WebApplication? _platform;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_platform is not null) await _platform.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task PlayedScript_BreaksNoPromise(bool freshet, bool events)
    {
        var cancel = TestContext.Current.CancellationToken;
        var address = await StartAsync(freshet, cancel);
        var world = await Discovery.ReadAsync(address, cancel);
        // A write on every page: far more than life, so that few steps meet many writes.
        await using var player = new Player(
            new Site([address]), world, new Mix { Speed = 1e9, WritesPerPage = 1 }, seed: 3, events ? Keeping.UntilEvents : Keeping.ETags, TimeProvider.System);
        var before = await OriginCounts.ReadAsync([address], cancel);
        await player.PlayAsync(TimeSpan.Zero, TimeSpan.MaxValue, [.. Enumerable.Repeat(8, player.Users)], cancel);
        var origin = await OriginCounts.ReadAsync([address], cancel) - before;
        await player.ProbeAsync(cancel);

        var measures = player.Measures();
        Assert.Equal("", string.Join('\n', measures.Broken));
        Assert.True(measures.Writes > 20, $"{measures.Writes} writes");
        var reads = measures.Answers - measures.Writes;
        if (freshet) Assert.InRange(origin.Loads, 1, reads * 0.7);
        else Assert.Equal(reads, origin.Loads);
    }

    [Fact]
    public async Task Discovery_FindsBothTenantsAndWhatTheyHave()
    {
        var address = await StartAsync(freshet: false, TestContext.Current.CancellationToken);
        var world = await Discovery.ReadAsync(address, TestContext.Current.CancellationToken);
        Assert.Equal(2, world.Tenants.Count);
        Assert.All(world.Tenants, tenant =>
        {
            Assert.True(tenant.Accounts.Count > 2 && tenant.Engagements.Count > 2 && tenant.Imports.Count > 2);
            Assert.True(world.Rows[tenant.Tenant].Count > 100);
            Assert.True(world.Dashboards[tenant.Tenant] > 0);
        });
    }

    private async Task<Uri> StartAsync(bool freshet, CancellationToken cancel)
    {
        _platform = PlatformApp.Build(
            "--environment=Development", "--urls=http://127.0.0.1:0", $"--Platform:DataFolder={_folder.FullName}",
            $"--Freshet:Enabled={(freshet ? "true" : "false")}", "--Logging:LogLevel:Default=None");
        await _platform.StartAsync(cancel);
        return new Uri(_platform.Urls.First());
    }
}
