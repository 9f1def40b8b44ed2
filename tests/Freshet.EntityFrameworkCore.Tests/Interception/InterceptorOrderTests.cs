using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Interception;

/// <summary>An application's interceptors run after Freshet's, in whatever order things are registered.</summary>
public sealed class InterceptorOrderTests
{
    public static TheoryData<string> Registrations => new("AddDbContext", "ConfigureDbContext", "AddDbContextPool", "AddDbContextFactory", "AddPooledDbContextFactory");

    [Theory]
    [MemberData(nameof(Registrations))]
    public async Task C9_InterceptorRegisteredBeforeFreshet_ReadsAfterTheTouch(string registration)
    {
        var probe = new Probe();
        void Options(DbContextOptionsBuilder b) => b.AddInterceptors(probe.All);
        await using var app = await TestApp.StartAsync(null, before: s => _ = registration switch
        {
            "AddDbContext" => s.AddDbContext<TestDb>(Options),
            "ConfigureDbContext" => s.ConfigureDbContext<TestDb>(Options),
            "AddDbContextPool" => s.AddDbContextPool<TestDb>(Options),
            "AddDbContextFactory" => s.AddDbContextFactory<TestDb>(Options),
            _ => s.AddPooledDbContextFactory<TestDb>(Options),
        });
        await app.SeedAsync(new Country { Code = "sk" });
        probe.App = app;

        await app.UseAsync(async db =>
        {
            (await db.Countries.SingleAsync()).Name = "saved";
            await db.SaveChangesAsync();
            db.Countries.Single().Name = "again";
            db.SaveChanges();
            await db.Countries.ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "x"));

            await using var transaction = await db.Database.BeginTransactionAsync();
            (await db.Countries.SingleAsync()).Name = "in a transaction";
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        });

        Assert.Equal(["saved", "saved", "executed", "saved", "committed"], probe.Seen.Select(s => s.Event), StringComparer.Ordinal);
        // A save in a transaction is not committed yet.
        Assert.Equal([true, true, true, false, true], probe.Seen.Select(s => s.WasTouched));
    }

    [Fact]
    public async Task InterceptorInsideEntityFramework_FailsAtStartAndNamesTheFix()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync(null, s => s.ConfigureDbContext<TestDb>(b =>
            ((IDbContextOptionsBuilderInfrastructure)b).AddOrUpdateExtension(new Injecting()))));
        Assert.Contains("AddInterceptors", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C2_InterceptorGivesRowsOfItsOwn_IsNotStored(bool before)
    {
        void Configure(IServiceCollection services) => services.ConfigureDbContext<TestDb>(b => b.AddInterceptors(new Replacing()));
        await using var app = await TestApp.StartAsync(null, before ? null : Configure, before ? Configure : null);
        await app.SeedAsync(new Country { Code = "sk", Name = "new" });
        var name = "";
        var reading = await app.ReadAsync(async db => name = await db.Countries.Select(c => c.Name).SingleAsync());
        Assert.Equal("kept", name);
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
    }

    /// <summary>Notes whether the write was touched when the application hears of it.</summary>
    private sealed class Probe
    {
        public TestApp? App { get; set; }

        public List<(string Event, bool WasTouched)> Seen { get; } = [];

        public IInterceptor[] All => [new Saves(this), new Transactions(this), new Commands(this)];

        private void See(string what)
        {
            if (App is null)
                return;
            Seen.Add((what, App.Store.Touched().Length > 0));
            App.Store.Clear();
        }

        private sealed class Saves(Probe probe) : SaveChangesInterceptor
        {
            public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
            {
                probe.See("saved");
                return result;
            }

            public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default) =>
                new(SavedChanges(eventData, result));
        }

        private sealed class Transactions(Probe probe) : DbTransactionInterceptor
        {
            public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
            {
                probe.See("committed");
                return Task.CompletedTask;
            }
        }

        private sealed class Commands(Probe probe) : DbCommandInterceptor
        {
            public override ValueTask<int> NonQueryExecutedAsync(
                DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
            {
                probe.See("executed");
                return new(result);
            }
        }
    }

    /// <summary>As a cache of query results does.</summary>
    private sealed class Replacing : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (!command.CommandText.Contains("Name", StringComparison.Ordinal) || eventData.CommandSource is not CommandSource.LinqQuery)
                return new(result);
            using var rows = new DataTable();
            rows.Columns.Add("Name", typeof(string));
            rows.Rows.Add("kept");
            return new(InterceptionResult<DbDataReader>.SuppressWithResult(rows.CreateDataReader()));
        }
    }

    private sealed class Injecting : IDbContextOptionsExtension
    {
        public DbContextOptionsExtensionInfo Info => new InfoOf(this);

        public void ApplyServices(IServiceCollection services) => services.AddScoped<IInterceptor>(_ => new Replacing());

        public void Validate(IDbContextOptions options)
        {
        }

        private sealed class InfoOf(IDbContextOptionsExtension extension) : DbContextOptionsExtensionInfo(extension)
        {
            public override bool IsDatabaseProvider => false;

            public override string LogFragment => "";

            public override int GetServiceProviderHashCode() => 1;

            public override bool ShouldUseSameServiceProvider(DbContextOptionsExtensionInfo other) => other is InfoOf;

            public override void PopulateDebugInfo(IDictionary<string, string> debugInfo)
            {
            }
        }
    }
}
