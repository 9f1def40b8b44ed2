using Freshet.Coherence;
using Freshet.Invalidation;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Freshet.EntityFrameworkCore.Tests.Databases;

/// <summary>An application with the cache and one database, in which a test sees what is touched and what a load depends on.</summary>
public sealed class TestApp : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly string? _file;
    private readonly string _connection;

    private TestApp(
        Action<DbContextOptionsBuilder> database, string connection, string? file, Action<IServiceCollection>? configure, Action<IServiceCollection>? before)
    {
        (_connection, _file) = (connection, file);
        var services = new ServiceCollection();
        services.AddLogging(b => b.AddProvider(Log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.None));
        before?.Invoke(services);
        services.AddSingleton<IInvalidationStore>(p => Store = new RecordingStore(new EmbeddedStore(p.GetRequiredService<TagClocks>(), 1024)));
        services.AddFreshetCore().AddEntityFramework<TestDb>(model =>
        {
            model.Entity<Client>("client");
            model.Entity<Import>("import").Parent<Client>(i => i.ClientId);
            model.Entity<Mapping>("mapping").Parent<Import>(m => m.ImportId);
            model.Entity<Country>("country").Public();
            model.Entity<Asset>("asset").Tenant(a => a.Tenant);
            model.Entity<Document>("document").Tenant(d => d.Tenant);
            model.Entity<Page>("page").Tenant(p => p.Tenant);
            model.Entity("context").DerivedFrom<Reviewer>(sameKey: true);
        });
        // A pool or a factory that a test registers has options that are singletons.
        services.AddDbContext<TestDb>(database, optionsLifetime: ServiceLifetime.Singleton);
        configure?.Invoke(services);
        _services = services.BuildServiceProvider(validateScopes: true);
    }

    internal RecordingStore Store { get; private set; } = null!;

    public ListLogger Log { get; } = new();

    public IServiceProvider Services => _services;

    internal CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

    public CacheInvalidationService Invalidation => _services.GetRequiredService<CacheInvalidationService>();

    public static async Task<TestApp> StartAsync(
        PostgresServer? server, Action<IServiceCollection>? configure = null, Action<IServiceCollection>? before = null)
    {
        var file = server is null ? Path.GetTempFileName() : null;
        var connection = server is null ? $"Data Source={file}" : await server.CreateDatabaseAsync();
        var app = new TestApp(b => _ = server is null ? b.UseSqlite(connection) : b.UseNpgsql(connection), connection, file, configure, before);
        await using (var scope = app._services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<TestDb>().Database.EnsureCreatedAsync();
        app.Store.Clear();
        return app;
    }

    /// <summary>Uses a context of its own, as a request does.</summary>
    public async Task UseAsync(Func<TestDb, Task> use)
    {
        await using var scope = _services.CreateAsyncScope();
        await use(scope.ServiceProvider.GetRequiredService<TestDb>());
    }

    /// <summary>Puts rows into the database without a trace in the cache.</summary>
    public async Task SeedAsync(params object[] rows)
    {
        await UseAsync(async db =>
        {
            db.AddRange(rows);
            await db.SaveChangesAsync();
        });
        Store.Clear();
    }

    /// <summary>What one piece of work touches, as "tenant: tag", sorted.</summary>
    public async Task<string[]> TouchedAsync(Func<TestDb, Task> work)
    {
        Store.Clear();
        await UseAsync(work);
        return Store.Touched();
    }

    /// <summary>What a load depends on.</summary>
    public async Task<Reading> ReadAsync(Func<TestDb, Task> read)
    {
        await using var scope = _services.CreateAsyncScope();
        return await LoadAsync(() => read(scope.ServiceProvider.GetRequiredService<TestDb>()));
    }

    public async Task<Reading> LoadAsync(Func<Task> read)
    {
        var clocks = _services.GetRequiredService<TagClocks>();
        var load = new LoadScope(clocks, Tenant.Named("t1"), "key", new Arrival(clocks.Now), LoadScope.Current, onRefused: null, model: _services.GetRequiredService<EntityModelSource>());
        var around = LoadScope.Current;
        LoadScope.Current = load;
        try
        {
            await read();
        }
        finally
        {
            LoadScope.Current = around;
        }

        var (dependencies, ids) = load.Snapshot();
        return new Reading(
            [.. dependencies.Select(d => $"{d.Tenant}: {d.Dependency}").Order(StringComparer.Ordinal)],
            load.Refusal,
            () => ids.Untouched(load.Fence))
        {
            Detail = load.RefusalDetail,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (_file is null)
        {
            // The server has connections for one hundred, and each test has a database of its own.
            await using var connection = new NpgsqlConnection(_connection);
            NpgsqlConnection.ClearPool(connection);
            return;
        }

        SqliteConnection.ClearAllPools();
        File.Delete(_file);
    }
}

/// <summary>What a load read.</summary>
/// <param name="Dependencies">As "tenant: dependency", sorted.</param>
/// <param name="Refusal">Why it is not stored.</param>
/// <param name="IsValid">Whether nothing that it depends on has been touched since.</param>
public sealed record Reading(string[] Dependencies, CacheReason Refusal, Func<bool> IsValid)
{
    /// <summary>What exactly stood against it.</summary>
    public string? Detail { get; init; }
}

/// <summary>The embedded store, with a memory of what was appended.</summary>
internal sealed class RecordingStore(IInvalidationStore store) : IInvalidationStore
{
    private readonly List<string> _touched = [];

    public bool IsShared => store.IsShared;

    public Func<ValueTask>? BeforeAppend { get; set; }

    public async ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        if (BeforeAppend is { } before)
            await before();
        lock (_touched)
            _touched.AddRange(tags.Select(t => $"{tenant}: {t}"));
        return await store.AppendAsync(tenant, tags, change);
    }

    public void OnMoved(Action<Tenant> takeNote) => store.OnMoved(takeNote);

    public LogReading ReadAfter(Tenant tenant, Position position) => store.ReadAfter(tenant, position);

    public Position Applied(Tenant tenant) => store.Applied(tenant);

    public bool Covers(Tenant tenant, Position position) => store.Covers(tenant, position);

    public bool IsInContact(long now) => store.IsInContact(now);

    public bool InContact(Tenant tenant, long now) => store.InContact(tenant, now);

    public bool InContact(CacheEntry entry, long now) => store.InContact(entry, now);

    public void Clear()
    {
        lock (_touched)
            _touched.Clear();
    }

    public string[] Touched()
    {
        lock (_touched)
            return [.. _touched.Order(StringComparer.Ordinal)];
    }
}

/// <summary>Collects what is logged.</summary>
public sealed class ListLogger : ILoggerProvider, ILogger
{
    private readonly List<string> _lines = [];

    public string[] Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add(formatter(state, exception));
    }
}
