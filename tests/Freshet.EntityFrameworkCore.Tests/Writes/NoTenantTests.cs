using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteNoTenantTests() : NoTenantTests(null);

public sealed class PostgresNoTenantTests(PostgresServer server) : NoTenantTests(server);

/// <summary>
/// The application declares tenants, and a job that entered none writes: whatever a tenant has read of it is dropped, however it was
/// read and however it is written, or the call throws.
/// </summary>
public abstract class NoTenantTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly AssetId Id = new(Guid.Parse("6f9619ff-8b86-d011-b42d-00cf4fc964ff"));

    private static readonly Dictionary<string, Func<TestDb, Task>> Reads = new(StringComparer.Ordinal)
    {
        ["order, row"] = db => db.Orders.SingleAsync(o => o.Id == 1),
        ["order, type"] = db => db.Orders.ToListAsync(),
        ["order, raw"] = db => db.Orders.FromSql($"""SELECT * FROM "Orders" """).ToListAsync(),
        ["order, by hand"] = _ => ByHand("order/1"),
        ["order, subtree by hand"] = _ => ByHand("order/**"),
        ["order, everything by hand"] = _ => ByHand("**"),
        ["asset, row"] = db => db.Assets.SingleOrDefaultAsync(a => a.Id == Id),
        ["asset, by hand"] = _ => ByHand("asset/6f9619ff-8b86-d011-b42d-00cf4fc964ff"),
        ["import, row"] = db => db.Imports.SingleOrDefaultAsync(i => i.Id == 42),
        ["import, by hand"] = _ => ByHand("import/42"),
        ["country, by hand"] = _ => ByHand("country/sk"),
        ["context, by hand"] = _ => ByHand("context/5"),
    };

    private static readonly Dictionary<string, Func<TestApp, Task>> Writes = new(StringComparer.Ordinal)
    {
        ["order, save"] = app => app.UseAsync(async db =>
        {
            (await db.Orders.SingleAsync()).Number = "2";
            await db.SaveChangesAsync();
        }),
        ["order, bulk"] = app => app.UseAsync(db => db.Orders.ExecuteUpdateAsync(s => s.SetProperty(o => o.Number, "3"))),
        ["order, raw"] = app => app.UseAsync(db => db.Database.ExecuteSqlAsync($"""UPDATE "Orders" SET "Number" = '4' WHERE "Id" = 1""")),
        ["order, declared row"] = app => app.Invalidation.InvalidateAsync<Order>(1).AsTask(),
        ["order, declared type"] = app => app.Invalidation.InvalidateAllAsync<Order>().AsTask(),
        ["order, declared object"] = app => app.Invalidation.InvalidateEntityAsync(new Order { Id = 1 }).AsTask(),
        ["order, declared tag"] = app => app.Invalidation.InvalidateAsync(Tag.Of("order", "1")).AsTask(),
        ["asset, save"] = app => app.UseAsync(async db =>
        {
            (await db.Assets.SingleAsync()).Name = "2";
            await db.SaveChangesAsync();
        }),
        ["asset, bulk"] = app => app.UseAsync(db => db.Assets.IgnoreQueryFilters().ExecuteUpdateAsync(s => s.SetProperty(a => a.Name, "3"))),
        ["asset, declared row"] = app => app.Invalidation.InvalidateAsync<Asset>(Id).AsTask(),
        ["asset, declared tag"] = app => app.Invalidation.InvalidateAsync(Tag.Of("asset", "6f9619ff-8b86-d011-b42d-00cf4fc964ff")).AsTask(),
        ["import, save"] = app => app.UseAsync(async db =>
        {
            (await db.Imports.SingleAsync(i => i.Id == 42)).Name = "2";
            await db.SaveChangesAsync();
        }),
        ["import, declared tag"] = app => app.Invalidation.InvalidateAsync(Tag.Of("import", "42")).AsTask(),
        ["country, save"] = app => app.UseAsync(async db =>
        {
            (await db.Countries.SingleAsync()).Name = "2";
            await db.SaveChangesAsync();
        }),
        ["country, declared tag"] = app => app.Invalidation.InvalidateAsync(Tag.Of("country", "sk")).AsTask(),
        ["context, by its source"] = app => app.UseAsync(async db =>
        {
            (await db.Reviewers.SingleAsync()).Name = "2";
            await db.SaveChangesAsync();
        }),
        ["context, declared tag"] = app => app.Invalidation.InvalidateAsync(Tag.Of("context", "5")).AsTask(),
    };

    private TestApp _app = null!;

    public static TheoryData<string, string> Pairs =>
        new(Reads.Keys.SelectMany(r => Writes.Keys.Where(w => Entity(w) == Entity(r)).Select(w => (r, w))));

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(server, services =>
        {
            services.Replace(ServiceDescriptor.Singleton(new TenantContext { IsRequired = true }));
            services.AddFreshetCore().AddEntities(model => model.Entity<Order>("order").InAmbientTenant());
        });
        await _app.SeedAsync(
            new Client { Id = 1, Name = "c1" },
            new Import { Id = 42, ClientId = 1, Name = "i42" },
            new Reviewer { Id = 5, Name = "r5" },
            new Country { Code = "sk", Name = "Slovensko" },
            new Order { Id = 1, Number = "1", Address = new Address { City = "Brno" } },
            new Asset { Id = Id, Tenant = "t1", Name = "a" });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task WriteWithoutATenant_DropsWhatATenantHasReadOfIt(string read, string write)
    {
        var reading = await ReadAsync(read);
        Assert.Equal(CacheReason.None, reading.Refusal);
        Assert.True(reading.IsValid());
        await Writes[write](_app);
        Assert.False(reading.IsValid());
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task WriteInTheTenant_DropsWhatItHasReadOfIt(string read, string write)
    {
        var reading = await ReadAsync(read);
        using (Tenants.Enter("t1"))
            await Writes[write](_app);
        Assert.False(reading.IsValid());
    }

    [Theory]
    [InlineData("order, row", "order, save")]
    [InlineData("order, by hand", "order, declared row")]
    [InlineData("order, by hand", "order, bulk")]
    public async Task WriteInAnotherTenant_DropsNothing(string read, string write)
    {
        var reading = await ReadAsync(read);
        using (Tenants.Enter("t2"))
            await Writes[write](_app);
        Assert.True(reading.IsValid());
    }

    [Fact]
    public async Task WriteWithoutATenant_IsSaidOnceForTheType()
    {
        await Writes["order, save"](_app);
        await Writes["order, bulk"](_app);
        Assert.Single(_app.Log.Lines, l => l.StartsWith("A write of order does not say which tenant", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TagOfNoEntity_ThrowsBeforeAnythingIsTouched_AndNamesTheFix()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => _app.Invalidation.InvalidateAsync(Tag.Of("rate", "eur")).AsTask());
        Assert.Contains("tenants.Enter", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(_app.Store.Touched());
    }

    [Fact]
    public async Task TagOfNoEntity_InPublic_IsTouchedThere()
    {
        using (Tenants.Enter(Tenant.Public))
            await _app.Invalidation.InvalidateAsync(Tag.Of("rate", "eur"));
        Assert.Equal(["(public): rate/eur"], _app.Store.Touched());
    }

    [Fact]
    public async Task RowsOfTheTenantAtWork_ReadWhereThereIsNone_AreNotStored()
    {
        Reading reading;
        using (Tenants.Enter(Tenant.Public))
            reading = await _app.ReadAsync(db => db.Orders.ToListAsync());
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
    }

    private TenantContext Tenants => _app.Services.GetRequiredService<TenantContext>();

    private static string Entity(string name) => name[..name.IndexOf(',', StringComparison.Ordinal)];

    private static Task ByHand(string dependency)
    {
        LoadScope.Current!.DependsOn(Dependency.Parse(dependency));
        return Task.CompletedTask;
    }

    private async Task<Reading> ReadAsync(string read)
    {
        using (Tenants.Enter("t1"))
            return await _app.ReadAsync(Reads[read]);
    }
}
