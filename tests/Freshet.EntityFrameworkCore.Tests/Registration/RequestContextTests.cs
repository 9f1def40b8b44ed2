using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

/// <summary>A context whose constructor or options need a request: its model is given at start in another way.</summary>
public sealed class RequestContextTests
{
    private static readonly Dictionary<string, (Action<IServiceCollection, string> Register, Func<IServiceProvider, DbContext> Get)> Ways = new(StringComparer.Ordinal)
    {
        ["constructor"] = ((s, c) => s.AddDbContext<TenantDb>(o => o.UseSqlite(c)), p => p.GetRequiredService<TenantDb>()),
        ["options"] = (
            (s, c) => s.AddDbContext<TenantDb>((p, o) => o.UseSqlite(p.GetRequiredService<Request>().Tenant is null ? throw new InvalidOperationException("No request.") : c)),
            p => p.GetRequiredService<TenantDb>()),
        ["factory"] = (
            (s, c) => s.AddDbContextFactory<TenantDb>(o => o.UseSqlite(c), ServiceLifetime.Scoped), p => p.GetRequiredService<IDbContextFactory<TenantDb>>().CreateDbContext()),
        ["as DbContext"] = (
            (s, c) => s.AddDbContext<TenantDb>(o => o.UseSqlite(c)).AddScoped<DbContext>(p => p.GetRequiredService<TenantDb>()), p => p.GetRequiredService<DbContext>()),
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ContextThatNeedsARequest_FailsAtStartAndNamesTheFix(string way)
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ShopApp.StartAsync(
            (s, c) => Ways[way].Register(s.AddSingleton<Request>(), c), f => f.AddEntityFramework<TenantDb>()));
        Assert.Contains("AddEntityFramework<TenantDb>(modelFrom: services => new TenantDb(…))", failure.Message, StringComparison.Ordinal);
        Assert.Contains("No request.", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.InnerException);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ContextThatNeedsARequest_IsSeen_WhenItsModelIsGiven(string way)
    {
        var (register, get) = Ways[way];
        await using var app = await ShopApp.StartAsync(
            (s, c) => register(s.AddSingleton<Request>(), c),
            f => f.AddEntityFramework<TenantDb>(modelFrom: _ =>
                new TenantDb(new DbContextOptionsBuilder<TenantDb>().UseSqlite().Options, new Request { Tenant = "for the model" })));
        app.Services.GetRequiredService<Request>().Tenant = "acme";
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(get)).Dependencies);
    }

    [Fact]
    public async Task FactoryThatCannotBeMadeBesideAContextThatCan_StartsAndSaysSo()
    {
        // A factory is a singleton, and its options are those of AddDbContext, which are scoped.
        await using var app = await ShopApp.StartAsync((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddDbContextFactory<ShopDb>(o => o.UseSqlite(c)));
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(p => p.GetRequiredService<ShopDb>())).Dependencies);
        Assert.Contains(app.Log.Lines, l => l.Contains("cannot make IDbContextFactory<ShopDb> at start", StringComparison.Ordinal));
    }

    private sealed class Request
    {
        public string? Tenant { get; set; }
    }

    private sealed class TenantDb : ShopDb
    {
        public TenantDb(DbContextOptions<TenantDb> options, Request request)
            : base((DbContextOptions)options) => _ = request.Tenant ?? throw new InvalidOperationException("No request.");
    }
}
