using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

/// <summary>A context that the cache does not see fails at start, and the message says what to do.</summary>
public sealed class UnseenContextTests
{
    private static readonly Dictionary<string, (Action<IServiceCollection, string> Register, string Fix)> Ways = new(StringComparer.Ordinal)
    {
        ["nowhere"] = ((_, _) => { }, "AddDbContext<ShopDb>()"),
        ["own delegate, own options"] = ((s, c) => s.AddScoped(_ => new ShopDb(Options<ShopDb>(c))), "UseFreshet(services)"),
        ["own options"] = ((s, c) => s.AddSingleton(Options<ShopDb>(c)).AddScoped<ShopDb>(p => new(p.GetRequiredService<DbContextOptions<ShopDb>>())), "UseFreshet(services)"),
        ["singleton"] = ((s, c) => s.AddSingleton(new ShopDb(Options<ShopDb>(c))), "UseFreshet(services)"),
        ["own factory"] = ((s, c) => s.AddSingleton<IDbContextFactory<ShopDb>>(new OwnFactory(Options<ShopDb>(c))), "IDbContextFactory<ShopDb>"),
        ["own factory beside a good registration"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddSingleton<IDbContextFactory<ShopDb>>(new OwnFactory(Options<ShopDb>(c))), "IDbContextFactory<ShopDb>"),
        ["own factory for any context"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddSingleton(new Address(c)).AddSingleton(typeof(IDbContextFactory<>), typeof(AnyFactory<>)),
            "IDbContextFactory<ShopDb>"),
        ["OnConfiguring alone"] = ((s, c) => s.AddSingleton(new Address(c)).AddScoped<ConfiguringDb>(), "DbContextOptions<ConfiguringDb>"),
        ["keyed, beside a good registration"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddKeyedScoped("a", (_, _) => new ShopDb(Options<ShopDb>(c))), "UseFreshet(services)"),
        ["interface, beside a good registration"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddScoped<IShopDb>(_ => new ShopDb(Options<ShopDb>(c))), "IShopDb"),
        ["first of two"] = (
            (s, c) => s.AddScoped(_ => new ShopDb(Options<ShopDb>(c))).AddScoped(p => new ShopDb(Options<ShopDb>(c, p))), "UseFreshet(services)"),
        ["options of another container"] = ((s, c) => s.AddScoped(_ => new ShopDb(Kept.Of(c))), "UseFreshet(services)"),
        ["not relational"] = ((s, _) => s.AddDbContext<ShopDb>(o => o.UseInMemoryDatabase("x")), "Freshet:Enabled=false"),
        ["without a database"] = ((s, _) => s.AddDbContext<ShopDb>(), "No database provider has been configured"),
        ["a second one"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddDbContext<AuditDb>(o => o.UseSqlite(c)), "IgnoreEntityFramework<AuditDb>()"),
        ["a second one by factory"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddPooledDbContextFactory<AuditDb>(o => o.UseSqlite(c)), "AddEntityFramework<AuditDb>()"),
        ["options of a second one"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddSingleton(Options<AuditDb>(c)), "AddEntityFramework<AuditDb>()"),
        ["a second one as DbContext"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddScoped<DbContext>(_ => new AuditDb(Options<AuditDb>(c))), "AddEntityFramework<AuditDb>()"),
        ["a second one by an interface of its own"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddSingleton(Options<OtherDb>(c)).AddScoped<IOtherDb, OtherDb>(), "AddEntityFramework<OtherDb>()"),
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ContextThatIsNotSeen_FailsAtStartAndNamesTheFix(string way)
    {
        var (register, fix) = Ways[way];
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ShopApp.StartAsync(
            register, f => _ = way is "OnConfiguring alone" ? f.AddEntityFramework<ConfiguringDb>() : f.AddEntityFramework<ShopDb>()));
        Assert.Contains(fix, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not relational")]
    [InlineData("own delegate, own options")]
    [InlineData("a second one")]
    public async Task CacheThatIsSwitchedOff_Starts(string way)
    {
        await using var app = await ShopApp.StartAsync(Ways[way].Register, isEnabled: false);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ShopDb>();
        db.Products.Add(new Product { Id = 7, Name = "seven" });
        await db.SaveChangesAsync();
        await app.Services.GetRequiredService<CacheInvalidationService>().InvalidateAsync<Product>(7);
    }

    [Fact]
    public async Task SecondContextThatIsIgnored_Starts()
    {
        await using var app = await ShopApp.StartAsync(
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddDbContext<AuditDb>(o => o.UseSqlite(c)).AddScoped<DbContext>(p => p.GetRequiredService<AuditDb>()),
            f => f.AddEntityFramework<ShopDb>().IgnoreEntityFramework<AuditDb>());
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(p => p.GetRequiredService<ShopDb>())).Dependencies);
    }

    [Fact]
    public void ContextThatIsNamedAndIgnored_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddFreshetCore().IgnoreEntityFramework<ShopDb>().AddEntityFramework<ShopDb>());

    private static DbContextOptions<TContext> Options<TContext>(string connection, IServiceProvider? services = null)
        where TContext : DbContext
    {
        var builder = new DbContextOptionsBuilder<TContext>().UseSqlite(connection);
        return (services is null ? builder : builder.UseFreshet(services)).Options;
    }

    public sealed record Address(string Text);

    /// <summary>As an application keeps options in a static field, while its tests start several hosts.</summary>
    private static class Kept
    {
        public static DbContextOptions<ShopDb> Of(string connection)
        {
            var other = new ServiceCollection().AddLogging();
            other.AddFreshetCore().AddEntityFramework<ShopDb>();
            return Options<ShopDb>(connection, other.BuildServiceProvider());
        }
    }

    private sealed class OwnFactory(DbContextOptions<ShopDb> options) : IDbContextFactory<ShopDb>
    {
        public ShopDb CreateDbContext() => new(options);
    }

    private sealed class AnyFactory<TContext>(Address address) : IDbContextFactory<TContext>
        where TContext : DbContext
    {
        public TContext CreateDbContext() => (TContext)Activator.CreateInstance(typeof(TContext), Options<TContext>(address.Text))!;
    }

    private sealed class ConfiguringDb(Address address) : DbContext
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite(address.Text);
    }

    private interface IOtherDb;

    private sealed class OtherDb(DbContextOptions<OtherDb> options) : DbContext(options), IOtherDb;
}
