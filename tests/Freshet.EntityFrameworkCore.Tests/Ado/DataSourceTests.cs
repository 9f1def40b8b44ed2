using System.Data.Common;
using Dapper;
using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Freshet.EntityFrameworkCore.Tests.Ado;

public sealed class SqliteDataSourceTests() : DataSourceTests(null);

public sealed class PostgresDataSourceTests(PostgresServer server) : DataSourceTests(server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ProviderRegistersItsOwn_BeforeOrAfter_TheContainerGivesTheOneThatIsSeen(bool before)
    {
        await using var app = await StartAsync(services =>
        {
            if (before)
                AddProvider(services);
            services.AddFreshetCore().AddFreshetDataSource<TestDb>(p => p.GetRequiredService<NpgsqlDataSource>());
            if (!before)
                AddProvider(services);
        });
        await using var scope = app.Services.CreateAsyncScope();
        Assert.IsNotType<NpgsqlConnection>(scope.ServiceProvider.GetRequiredService<DbDataSource>().CreateConnection());
        Assert.IsNotType<NpgsqlConnection>(scope.ServiceProvider.GetRequiredService<DbConnection>());
        Assert.IsAssignableFrom<FreshetConnection>(scope.ServiceProvider.GetRequiredService<DbConnection>());
    }

    // As the provider's own package does.
    private static void AddProvider(IServiceCollection services)
    {
        services.TryAddSingleton(NpgsqlDataSource.Create("Host=localhost"));
        services.TryAddTransient(p => p.GetRequiredService<NpgsqlDataSource>().CreateConnection());
        services.TryAddSingleton<DbDataSource>(p => p.GetRequiredService<NpgsqlDataSource>());
        services.TryAddTransient<DbConnection>(p => p.GetRequiredService<NpgsqlConnection>());
    }
}

/// <summary>A row of the countries' table, as an application without Entity Framework names it.</summary>
public sealed record Nation(string Code, string Name);

/// <summary>A data source of the container is seen, with the tables of a context or with declared ones.</summary>
public abstract class DataSourceTests(PostgresServer? server)
{
    private const string Select = "SELECT \"Name\" FROM \"Countries\" WHERE \"Code\" = @code";
    private const string Update = "UPDATE \"Countries\" SET \"Name\" = @name WHERE \"Code\" = @code";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_DependsOnTheRow_AndEndsWithAWrite(bool declared)
    {
        await using var app = await StartAsync(declared);
        var reading = await ReadAsync(app);
        Assert.Equal([declared ? "(public): nation/sk" : "(public): country/sk"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
        await WriteAsync(app);
        Assert.False(reading.IsValid());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_EndsWithAWriteOfTheContext(bool declared)
    {
        await using var app = await StartAsync(declared);
        var reading = await ReadAsync(app);
        await app.UseAsync(async db =>
        {
            (await db.Countries.SingleAsync()).Name = "e";
            await db.SaveChangesAsync();
        });
        Assert.False(reading.IsValid());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadOfTheContext_EndsWithAWrite(bool declared)
    {
        await using var app = await StartAsync(declared);
        var reading = await app.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await WriteAsync(app);
        Assert.False(reading.IsValid());
    }

    // Nobody else has the connection, so nothing of it can run in a transaction that is not seen.
    [Fact]
    public async Task WriteOnAConnectionOfItsOwn_IsTouchedOnce()
    {
        await using var app = await StartAsync(declared: false);
        await WriteAsync(app);
        Assert.Single(app.Store.Touched(), t => t.Contains("public", StringComparison.Ordinal));
    }

    [Fact]
    public async Task C8_TransactionOnAConnectionWhoseInnerWasTaken_IsHeldUntilItCloses()
    {
        await using var app = await StartAsync(declared: false);
        var connection = (FreshetConnection)await Source(app).OpenConnectionAsync();
        await using var begin = connection.Inner.CreateCommand();
        begin.CommandText = "BEGIN";
        await begin.ExecuteNonQueryAsync();
        await connection.ExecuteAsync(Update, new { code = "sk", name = "x" });
        Assert.Equal(CacheReason.OpenWrite, (await ReadAsync(app)).Refusal);
        begin.CommandText = "COMMIT";
        await begin.ExecuteNonQueryAsync();
        app.Store.Clear();
        await connection.DisposeAsync();
        Assert.NotEmpty(app.Store.Touched());
        Assert.Equal(CacheReason.None, (await ReadAsync(app)).Refusal);
    }

    [Fact]
    public async Task CommandOfTheSource_IsSeen()
    {
        await using var app = await StartAsync(declared: false);
        var reading = await app.LoadAsync(async () =>
        {
            await using var command = Source(app).CreateCommand("SELECT * FROM \"Countries\" WHERE \"Code\" = 'sk'");
            await using var reader = await command.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
        });
        Assert.Equal(["(public): country/sk"], reading.Dependencies);
    }

    [Fact]
    public async Task SourceThatAsksForItself_FailsAndNamesTheFix()
    {
        await using var app = await StartAsync(services => services.AddFreshetCore()
            .AddFreshetDataSource<TestDb>(p => p.GetRequiredService<DbDataSource>()));
        Assert.Contains("NpgsqlDataSource", Assert.Throws<InvalidOperationException>(() => Source(app)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyedSource_IsFoundByItsKey()
    {
        await using var app = await StartAsync(services => services.AddFreshetCore().AddFreshetDataSource<TestDb>(Provider, serviceKey: "reports"));
        Assert.Null(app.Services.GetService<DbDataSource>());
        Assert.NotNull(app.Services.GetRequiredKeyedService<DbDataSource>("reports"));
    }

    protected async Task<TestApp> StartAsync(Action<IServiceCollection> configure)
    {
        var app = await TestApp.StartAsync(server, configure);
        await app.SeedAsync(new Country { Code = "sk", Name = "Slovensko" });
        return app;
    }

    private Task<TestApp> StartAsync(bool declared) => StartAsync(services =>
    {
        var builder = services.AddFreshetCore();
        if (declared)
            builder.AddEntities(m => m.Entity<Nation>("nation").Key(n => n.Code).Public()).AddFreshetDataSource(Provider, t => t.Table<Nation>("Countries", column: c => $"\"{c}\""));
        else
            builder.AddFreshetDataSource<TestDb>(Provider);
    });

    private static DbDataSource Provider(IServiceProvider services)
    {
        using var scope = services.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        var connection = db.Database.GetConnectionString()!;
        return db.Database.IsNpgsql() ? NpgsqlDataSource.Create(connection) : SqliteFactory.Instance.CreateDataSource(connection);
    }

    private static DbDataSource Source(TestApp app) => app.Services.GetRequiredService<DbDataSource>();

    private static Task<Reading> ReadAsync(TestApp app) => app.LoadAsync(async () =>
    {
        await using var connection = Source(app).CreateConnection();
        _ = await connection.QuerySingleAsync<string>(Select, new { code = "sk" });
    });

    private static async Task WriteAsync(TestApp app)
    {
        await using var connection = Source(app).CreateConnection();
        await connection.ExecuteAsync(Update, new { code = "sk", name = "w" });
    }
}
