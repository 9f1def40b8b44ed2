using Freshet.Coherence;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

public class Product
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

public interface IShopDb
{
    DbSet<Product> Products { get; }
}

public class ShopDb : DbContext, IShopDb
{
    public ShopDb(DbContextOptions<ShopDb> options)
        : base(options)
    {
    }

    protected ShopDb(DbContextOptions options)
        : base(options)
    {
    }

    public DbSet<Product> Products => Set<Product>();
}

public class BranchDb(DbContextOptions<BranchDb> options) : ShopDb((DbContextOptions)options);

/// <summary>Another context, of the same database.</summary>
public class AuditDb(DbContextOptions<AuditDb> options) : DbContext(options)
{
    public DbSet<Product> Products => Set<Product>();
}

/// <summary>An application whose registrations a test chooses, with a database in memory that every context can open.</summary>
public sealed class ShopApp : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly SqliteConnection _open;

    private ShopApp(ServiceProvider services, SqliteConnection open, ListLogger log) => (_services, _open, Log) = (services, open, log);

    public IServiceProvider Services => _services;

    public ListLogger Log { get; }

    /// <summary>Builds the application and starts it.</summary>
    /// <param name="register">Registers contexts on the connection string.</param>
    /// <param name="freshet">Names them; when null, names <see cref="ShopDb"/>.</param>
    /// <param name="isEnabled">Whether the cache is switched on.</param>
    public static async Task<ShopApp> StartAsync(Action<IServiceCollection, string> register, Action<FreshetBuilder>? freshet = null, bool isEnabled = true)
    {
        var connection = $"Data Source={Guid.NewGuid():N};Mode=Memory;Cache=Shared";
        var open = new SqliteConnection(connection);
        await open.OpenAsync();
        await using (var create = open.CreateCommand())
        {
            create.CommandText = "CREATE TABLE Products (Id INTEGER PRIMARY KEY, Name TEXT NOT NULL); INSERT INTO Products VALUES (1, 'one')";
            await create.ExecuteNonQueryAsync();
        }

        var log = new ListLogger();
        var services = new ServiceCollection();
        services.AddLogging(b => b.AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.None));
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new("Freshet:Enabled", isEnabled ? "true" : "false")]).Build());
        (freshet ?? (f => f.AddEntityFramework<ShopDb>()))(services.AddFreshetCore());
        register(services, connection);
        var app = new ShopApp(services.BuildServiceProvider(validateScopes: true), open, log);
        try
        {
            foreach (var hosted in app._services.GetServices<IHostedService>())
                await hosted.StartAsync(default);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return app;
    }

    /// <summary>What a load depends on that reads the first product.</summary>
    public async Task<Reading> ReadAsync(Func<IServiceProvider, DbContext> context)
    {
        await using var scope = _services.CreateAsyncScope();
        return await LoadAsync(() => context(scope.ServiceProvider).Set<Product>().SingleAsync(p => p.Id == 1));
    }

    public async Task<Reading> LoadAsync(Func<Task> read)
    {
        var clocks = _services.GetRequiredService<TagClocks>();
        var load = new LoadScope(clocks, Tenant.Default, "key", new Arrival(clocks.Now), LoadScope.Current, onRefused: null);
        LoadScope.Current = load;
        try
        {
            await read();
        }
        finally
        {
            LoadScope.Current = load.Parent;
        }

        var (dependencies, ids) = load.Snapshot();
        return new Reading(
            [.. dependencies.Select(d => $"{d.Tenant}: {d.Dependency}").Order(StringComparer.Ordinal)],
            load.Refusal,
            () => ids.Untouched(load.Fence));
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _open.DisposeAsync();
    }
}
