using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

/// <summary>Each way in which applications and their test hosts register a context: the cache sees what it reads.</summary>
public sealed class SeenContextTests
{
    private static readonly Dictionary<string, (Action<IServiceCollection, string> Register, Func<IServiceProvider, DbContext> Get)> Ways = new(StringComparer.Ordinal)
    {
        ["AddDbContext"] = ((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)), Scoped<ShopDb>),
        ["AddDbContextPool"] = ((s, c) => s.AddDbContextPool<ShopDb>(o => o.UseSqlite(c)), Scoped<ShopDb>),
        ["AddDbContextFactory"] = ((s, c) => s.AddDbContextFactory<ShopDb>(o => o.UseSqlite(c)), Made<ShopDb>),
        ["AddDbContextFactory, scoped"] = ((s, c) => s.AddDbContextFactory<ShopDb>(o => o.UseSqlite(c), ServiceLifetime.Scoped), Made<ShopDb>),
        ["AddPooledDbContextFactory"] = ((s, c) => s.AddPooledDbContextFactory<ShopDb>(o => o.UseSqlite(c)), Made<ShopDb>),
        ["by interface"] = ((s, c) => s.AddDbContext<IShopDb, ShopDb>(o => o.UseSqlite(c)), p => (DbContext)p.GetRequiredService<IShopDb>()),
        ["by base class"] = ((s, c) => s.AddDbContext<ShopDb, BranchDb>(o => o.UseSqlite(c)), Scoped<ShopDb>),
        ["derived"] = ((s, c) => s.AddDbContext<BranchDb>(o => o.UseSqlite(c)), Scoped<BranchDb>),
        ["as DbContext"] = ((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddScoped<DbContext>(p => p.GetRequiredService<ShopDb>()), Scoped<DbContext>),
        ["own delegate"] = ((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddScoped(p => new ShopDb(p.GetRequiredService<DbContextOptions<ShopDb>>())), Scoped<ShopDb>),
        ["own delegate, own options"] = ((s, c) => s.AddScoped(p => new ShopDb(Options(p, c))), Scoped<ShopDb>),
        ["own delegate, options from those of the container"] = (
            (s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite()).AddScoped(p =>
                new ShopDb(new DbContextOptionsBuilder<ShopDb>(p.GetRequiredService<DbContextOptions<ShopDb>>()).UseSqlite(c).Options)),
            Scoped<ShopDb>),
        ["own options"] = ((s, c) => s.AddSingleton(p => Options(p, c)).AddScoped<ShopDb>(p => new(p.GetRequiredService<DbContextOptions<ShopDb>>())), Scoped<ShopDb>),
        ["own factory"] = ((s, c) => s.AddSingleton<IDbContextFactory<ShopDb>>(p => new OwnFactory(Options(p, c))), Made<ShopDb>),
        ["OnConfiguring"] = ((s, c) => s.AddSingleton(new Address(c)).AddDbContext<ConfiguringDb>(), Scoped<ConfiguringDb>),
        ["keyed"] = ((s, c) => s.AddKeyedScoped("a", (p, _) => new ShopDb(Options(p, c))), p => p.GetRequiredKeyedService<ShopDb>("a")),
        ["services of Entity Framework from elsewhere"] = (
            (s, c) => s.AddSingleton(new ServiceCollection().AddEntityFrameworkSqlite().BuildServiceProvider())
                .AddDbContext<ShopDb>((p, o) => o.UseSqlite(c).UseInternalServiceProvider(p.GetRequiredService<ServiceProvider>())),
            Scoped<ShopDb>),
        ["connection string later"] = (
            (s, c) => s.AddSingleton(new Address(c)).AddDbContext<ShopDb>(o => o.UseSqlite()),
            p =>
            {
                var db = p.GetRequiredService<ShopDb>();
                db.Database.SetConnectionString(p.GetRequiredService<Address>().Text);
                return db;
            }
        ),
        ["test host removes the one configuration"] = (
            (s, c) =>
            {
                s.AddDbContext<ShopDb>(o => o.UseNpgsql("Host=nowhere"));
                s.Remove(s.Single(d => d.ServiceType == typeof(IDbContextOptionsConfiguration<ShopDb>)));
                s.AddDbContext<ShopDb>(o => o.UseSqlite(c));
            },
            Scoped<ShopDb>),
        ["test host removes all configurations and options"] = (
            (s, c) =>
            {
                s.AddDbContext<ShopDb>(o => o.UseNpgsql("Host=nowhere"));
                s.RemoveAll<IDbContextOptionsConfiguration<ShopDb>>().RemoveAll<DbContextOptions<ShopDb>>().RemoveAll<DbContextOptions>().RemoveAll<ShopDb>();
                s.AddDbContext<ShopDb>(o => o.UseSqlite(c));
            },
            Scoped<ShopDb>),
        ["test host keeps a connection"] = (
            (s, c) => s.AddDbContext<ShopDb>((p, o) => o.UseSqlite(p.GetRequiredService<DbConnection>())).AddScoped<DbConnection>(_ => new SqliteConnection(c)),
            Scoped<ShopDb>),
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task ContextOfTheContainer_IsSeen_HoweverItIsRegistered(string way)
    {
        var (register, get) = Ways[way];
        await using var app = await ShopApp.StartAsync(register);
        var reading = await app.ReadAsync(get);
        Assert.Equal(["(public): Product/1"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task SeveralContextsOfOneBaseClass_AreSeen()
    {
        await using var app = await ShopApp.StartAsync((s, c) => s.AddDbContext<ShopDb>(o => o.UseSqlite(c)).AddDbContext<BranchDb>(o => o.UseSqlite(c)));
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(Scoped<ShopDb>)).Dependencies);
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(Scoped<BranchDb>)).Dependencies);
    }

    [Fact]
    public async Task WhatAContextNeedsIsDisposedAsynchronouslyOnly_Starts()
    {
        await using var app = await ShopApp.StartAsync((s, c) => s.AddScoped<AsyncOnly>().AddDbContext<ShopDb>((p, o) =>
        {
            _ = p.GetRequiredService<AsyncOnly>();
            o.UseSqlite(c);
        }));
        Assert.Equal(["(public): Product/1"], (await app.ReadAsync(Scoped<ShopDb>)).Dependencies);
    }

    private static DbContext Scoped<TContext>(IServiceProvider services)
        where TContext : DbContext => services.GetRequiredService<TContext>();

    private static DbContext Made<TContext>(IServiceProvider services)
        where TContext : DbContext => services.GetRequiredService<IDbContextFactory<TContext>>().CreateDbContext();

    private static DbContextOptions<ShopDb> Options(IServiceProvider services, string connection) =>
        new DbContextOptionsBuilder<ShopDb>().UseFreshet(services).UseSqlite(connection).UseFreshet(services).Options;

    private sealed record Address(string Text);

    private sealed class AsyncOnly : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => default;
    }

    private sealed class OwnFactory(DbContextOptions<ShopDb> options) : IDbContextFactory<ShopDb>
    {
        public ShopDb CreateDbContext() => new(options);
    }

    private sealed class ConfiguringDb(DbContextOptions<ConfiguringDb> options, Address address) : ShopDb((DbContextOptions)options)
    {
        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.UseSqlite(address.Text);
    }
}
