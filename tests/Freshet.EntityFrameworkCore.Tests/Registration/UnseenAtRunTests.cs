using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

/// <summary>A context that the container does not make cannot be seen at start: it is noticed when it runs.</summary>
public sealed class UnseenAtRunTests
{
    [Theory]
    [InlineData("own options")]
    [InlineData("OnConfiguring")]
    [InlineData("not relational")]
    [InlineData("ignored")]
    [InlineData("of another application")]
    public async Task LoadThatReadsThroughAContextThatIsNotSeen_IsNotStored_AndSaysSo(string how)
    {
        var address = "";
        await using var app = await ShopApp.StartAsync(
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(address = c)).AddDbContext<AuditDb>(o => o.UseSqlite(c)),
            f => f.AddEntityFramework<ShopDb>().IgnoreEntityFramework<AuditDb>());
        await using var other = await ShopApp.StartAsync((s, _) => s.AddDbContext<ShopDb>(o => o.UseSqlite(address)));
        await using var scope = (how is "of another application" ? other : app).Services.CreateAsyncScope();
        DbContext Make() => how switch
        {
            "own options" => new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseSqlite(address).Options),
            "OnConfiguring" => new ConfiguringDb(address),
            "not relational" => new ShopDb(new DbContextOptionsBuilder<ShopDb>().UseInMemoryDatabase(address).Options),
            "ignored" => scope.ServiceProvider.GetRequiredService<AuditDb>(),
            _ => scope.ServiceProvider.GetRequiredService<ShopDb>(),
        };

        var refusals = new List<CacheReason>();
        for (var i = 0; i < 2; i++)
        {
            refusals.Add((await app.LoadAsync(async () =>
            {
                var db = Make();
                await db.Set<Product>().ToListAsync();
                if (how is not ("ignored" or "of another application"))
                    await db.DisposeAsync();
            })).Refusal);
        }

        Assert.Equal([CacheReason.UnknownSource, CacheReason.UnknownSource], refusals);
        Assert.Single(app.Log.Lines, l => l.Contains("which Freshet does not see", StringComparison.Ordinal));
        Assert.DoesNotContain(other.Log.Lines, l => l.Contains("which Freshet does not see", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LoadThatReadsThroughASeenContext_IsStored_WhateverElseRunsInTheProcess()
    {
        await using var one = await ShopApp.StartAsync((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)));
        await using var two = await ShopApp.StartAsync((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)));
        Assert.Equal(CacheReason.None, (await one.ReadAsync(p => p.GetRequiredService<ShopDb>())).Refusal);
        Assert.Equal(CacheReason.None, (await two.ReadAsync(p => p.GetRequiredService<ShopDb>())).Refusal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WriteThroughAContextThatIsNotSeen_SaysSoOnce(bool ignored)
    {
        var address = "";
        await using var app = await ShopApp.StartAsync(
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(address = c)),
            f => _ = ignored ? f.AddEntityFramework<ShopDb>().IgnoreEntityFramework<ConfiguringDb>() : f.AddEntityFramework<ShopDb>());
        for (var i = 2; i < 4; i++)
        {
            await using var db = new ConfiguringDb(address);
            db.Products.Add(new Product { Id = i });
            await db.SaveChangesAsync();
            await db.Products.ToListAsync();
        }

        Assert.Equal(ignored ? 0 : 1, app.Log.Lines.Count(l => l.Contains("ConfiguringDb writes without Freshet's interceptors", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ApplicationThatHasEnded_WatchesNoLonger()
    {
        var address = "";
        var app = await ShopApp.StartAsync((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(address = c)));
        await using var open = new Microsoft.Data.Sqlite.SqliteConnection(address);
        await open.OpenAsync();
        await app.DisposeAsync();
        await using var db = new ConfiguringDb(address);
        await db.Database.ExecuteSqlRawAsync("DELETE FROM Products");
        Assert.DoesNotContain(app.Log.Lines, l => l.Contains("writes without", StringComparison.Ordinal));
    }

    private sealed class ConfiguringDb(string address) : DbContext
    {
        public DbSet<Product> Products => Set<Product>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite(address);
    }
}
