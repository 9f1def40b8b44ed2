using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteTenantWriteTests() : TenantWriteTests(null);

public sealed class PostgresTenantWriteTests(PostgresServer server) : TenantWriteTests(server);

/// <summary>An entity's own tenant beats the one at work; a write whose tenant is not known reaches every tenant's reads.</summary>
public abstract class TenantWriteTests(PostgresServer? server) : DatabaseTests(server)
{
    private static readonly AssetId Id = new(Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff"));

    private const string Row = "asset/6f9619ff-8b86-d011-b42d-00cf4fc964ff";

    [Fact]
    public async Task OwnTenant_BeatsTheOneAtWork()
    {
        Assert.Equal([$"t2: {Row}"], await App.TouchedAsync(async db =>
        {
            db.Add(new Asset { Id = Id, Tenant = "t2" });
            await db.SaveChangesAsync();
        }));
        Assert.Equal([$"t2: {Row}"], await App.TouchedAsync(async db =>
        {
            db.CurrentTenant = "t2";
            (await db.Assets.SingleAsync()).Name = "x";
            await db.SaveChangesAsync();
        }));
    }

    [Fact]
    public async Task ChangeOfTenant_TouchesBoth()
    {
        await App.SeedAsync(new Asset { Id = Id, Tenant = "t1" });
        Assert.Equal([$"t1: {Row}", $"t2: {Row}"], await App.TouchedAsync(async db =>
        {
            (await db.Assets.SingleAsync()).Tenant = "t2";
            await db.SaveChangesAsync();
        }));
    }

    [Fact]
    public async Task TenantInTheKey_IsNotInThePath()
    {
        Assert.Equal(["t2: document/1", "t2: page/1/3", "t2: page/@document/1"], await App.TouchedAsync(async db =>
        {
            db.Add(new Document { Tenant = "t2", Id = 1, Pages = { new Page { Number = 3 } } });
            await db.SaveChangesAsync();
        }));
    }

    [Fact]
    public async Task WriteWithTheTenantInItsCondition_TouchesThatTenant()
    {
        await App.SeedAsync(new Asset { Id = Id, Tenant = "t1" });
        Assert.Equal([$"t1: {Row}"], await App.TouchedAsync(db => db.Assets.Where(a => a.Id == Id).ExecuteUpdateAsync(s => s.SetProperty(a => a.Name, "x"))));
    }

    [Fact]
    public async Task WriteWithoutTheTenant_ReachesEveryTenantsReads()
    {
        await App.SeedAsync(new Asset { Id = Id, Tenant = "t1" });
        var reading = await App.ReadAsync(db => db.Assets.SingleAsync(a => a.Id == Id));
        Assert.Equal(["(public): asset", $"t1: {Row}"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
        var touched = await App.TouchedAsync(db => db.Assets.IgnoreQueryFilters().ExecuteUpdateAsync(s => s.SetProperty(a => a.Name, "x")));
        Assert.Equal(["(default): asset", "(public): asset"], touched);
        Assert.False(reading.IsValid());
    }

    [Fact]
    public async Task ReadWithoutTheTenant_IsNotStored()
    {
        await App.SeedAsync(new Asset { Id = Id, Tenant = "t1" });
        var reading = await App.ReadAsync(db => db.Assets.IgnoreQueryFilters().SingleAsync(a => a.Id == Id));
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
        Assert.Contains(App.Log.Lines, l => l.Contains("no equality on its tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReadByTenantAlone_DependsOnItsSubtree()
    {
        var reading = await App.ReadAsync(db => db.Assets.ToListAsync());
        Assert.Equal(["(public): asset", "t1: asset/**"], reading.Dependencies);
    }

    [Fact]
    public async Task CollectionOfAParentWithTenant_IsExact()
    {
        await App.SeedAsync(new Document { Tenant = "t1", Id = 1, Pages = { new Page { Number = 3 } } });
        var reading = await App.ReadAsync(db => db.Documents.Include(d => d.Pages).Where(d => d.Tenant == "t1" && d.Id == 1).ToListAsync());
        Assert.Equal(["(public): document", "(public): page", "t1: document/1", "t1: page/@document/1"], reading.Dependencies);
    }
}
