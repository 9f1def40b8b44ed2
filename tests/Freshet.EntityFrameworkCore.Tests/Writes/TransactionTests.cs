using System.Transactions;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteTransactionTests() : TransactionTests(null);

public sealed class PostgresTransactionTests(PostgresServer server) : TransactionTests(server)
{
    [Fact]
    public async Task C8_TransactionScope_TouchesWhenItIsCompleted()
    {
        var touched = await TouchedAsync(async db =>
        {
            using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            {
                await UpdateAsync(db);
                Assert.Empty(App.Store.Touched());
                scope.Complete();
                Assert.Empty(App.Store.Touched());
            }

            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Equal(Updated, touched);
    }

    [Fact]
    public async Task C8_TransactionScopeThatIsNotCompleted_TouchesNothing()
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            await UpdateAsync(db);
        }));
    }

    [Fact]
    public async Task C8_EnlistedTransaction_TouchesWhenItCommits()
    {
        var touched = await TouchedAsync(async db =>
        {
            using var transaction = new CommittableTransaction();
            await db.Database.OpenConnectionAsync();
            db.Database.EnlistTransaction(transaction);
            await UpdateAsync(db);
            Assert.Empty(App.Store.Touched());
            transaction.Commit();
        });
        Assert.Equal(Updated, touched);
    }

    [Fact]
    public async Task C8_CommitThatFails_Touches()
    {
        // The server ends the connection before the commit arrives: nobody here knows what became of it.
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            var backend = ((NpgsqlConnection)db.Database.GetDbConnection()).ProcessID;
            await App.UseAsync(other => other.Database.ExecuteSqlAsync($"SELECT pg_terminate_backend({backend})"));
            App.Store.Clear();
            await Assert.ThrowsAnyAsync<Exception>(() => transaction.CommitAsync());
        });
        Assert.Equal(Updated, touched);
    }

    [Fact]
    public async Task C8_ReaderDuringTheTransaction_IsInvalidAfterItsCommit()
    {
        // A load that reads between the write and its commit sees the old state.
        await App.UseAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            var reading = await App.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            Assert.True(reading.IsValid());
            await transaction.CommitAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C8_ConnectionThatDoesNotEnlist_TouchesAtOnce()
    {
        var touched = await TouchedAsync(async db =>
        {
            db.Database.SetConnectionString(db.Database.GetConnectionString() + ";Enlist=false");
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            await UpdateAsync(db);
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Equal(Updated, touched);
    }
}

public enum Way
{
    Context,
    Sql,
    Provider,
}

/// <summary>C8: a write is touched once its outermost transaction is known to have committed, or may have; never before.</summary>
public abstract class TransactionTests(PostgresServer? server) : DatabaseTests(server)
{
    protected static string[] Updated { get; } = ["mapping/7", "mapping/@import/42"];

    protected static async Task UpdateAsync(TestDb db)
    {
        (await db.Mappings.SingleAsync(m => m.Id == 7)).Target += "b";
        await db.SaveChangesAsync();
    }

    [Fact]
    public async Task C8_Commit_TouchesAfterwards()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Equal(Updated, touched);
    }

    [Fact]
    public async Task C8_SynchronousCommit_TouchesAfterwards()
    {
        var touched = await TouchedAsync(async db =>
        {
            using var transaction = db.Database.BeginTransaction();
            await UpdateAsync(db);
            Assert.Empty(App.Store.Touched());
            transaction.Commit();
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Equal(Updated, touched);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_Rollback_TouchesNothing(bool sync)
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            if (sync)
                transaction.Rollback();
            else
                await transaction.RollbackAsync();
        }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_DisposeWithoutCommitSeen_CountsAsCommitted(bool sync)
    {
        var touched = await TouchedAsync(async db =>
        {
            var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            if (sync)
                transaction.Dispose();
            else
                await transaction.DisposeAsync();

            // Its object may have committed it before. Providers reuse it: what the first one wrote is not the second one's.
            Assert.NotEmpty(App.Store.Touched());
            await using var next = await db.Database.BeginTransactionAsync();
            await next.CommitAsync();
        });
        Assert.Equal(Updated, touched);
    }

    // Each step of a way runs by the context, in SQL, or by the provider's object. Which savepoint is meant is not known to all of them.
    [Theory]
    [InlineData(Way.Context, Way.Context)]
    [InlineData(Way.Sql, Way.Sql)]
    [InlineData(Way.Provider, Way.Provider)]
    [InlineData(Way.Sql, Way.Context)]
    [InlineData(Way.Sql, Way.Provider)]
    [InlineData(Way.Provider, Way.Context)]
    public async Task C8_RollbackToSavepoint_ForgetsNothing(Way save, Way rollback)
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            // The first is gone when the second is made; a rollback to the second leaves what was written before it.
            await transaction.CreateSavepointAsync("first");
            await transaction.GetDbTransaction().ReleaseAsync("first");
            await UpdateAsync(db);
            await SavepointAsync(save, transaction, db, rollback: false);
            db.Add(new Country { Code = "cz" });
            await db.SaveChangesAsync();
            await SavepointAsync(rollback, transaction, db, rollback: true);
            App.Store.Clear();
            await transaction.CommitAsync();
        });
        Assert.Equal(["country/cz", .. Updated], touched);
    }

    // SQLite keeps what a save wrote before the statement that failed.
    [Fact]
    public async Task C8_RollbackToTheApplicationsSavepointInsideASaveThatFails_ForgetsNothing()
    {
        var touched = await TouchedAsync(async db =>
        {
            db.Database.AutoSavepointsEnabled = false;
            await using var transaction = await db.Database.BeginTransactionAsync();
            (await db.Mappings.SingleAsync(m => m.Id == 7)).Target += "b";
            db.Add(new Country { Code = "sk" });
            db.SavingChanges += (_, _) =>
            {
                transaction.CreateSavepoint("mine");
                transaction.RollbackToSavepoint("mine");
            };
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
            await transaction.CommitAsync();
        });
        Assert.Superset(Updated.ToHashSet(StringComparer.Ordinal), touched.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public async Task C8_ReleasedSavepoint_KeepsEverything()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await transaction.CreateSavepointAsync("here");
            await UpdateAsync(db);
            await transaction.ReleaseSavepointAsync("here");
            await transaction.CommitAsync();
        });
        Assert.Equal(Updated, touched);
    }

    [Fact]
    public async Task C8_SaveThatFailsInATransaction_TouchesWhatTheOthersWrote()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            db.ChangeTracker.Clear();
            db.Add(new Country { Code = "sk" });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
            await transaction.CommitAsync();
        });
        Assert.Equal(Updated, touched);
    }

    private static Task SavepointAsync(Way way, IDbContextTransaction transaction, TestDb db, bool rollback) => way switch
    {
        Way.Context => rollback ? transaction.RollbackToSavepointAsync("here") : transaction.CreateSavepointAsync("here"),
        Way.Sql => db.Database.ExecuteSqlRawAsync(rollback ? "ROLLBACK TO SAVEPOINT here" : "SAVEPOINT here"),
        _ => rollback ? transaction.GetDbTransaction().RollbackAsync("here") : transaction.GetDbTransaction().SaveAsync("here"),
    };

    [Fact]
    public async Task C8_SaveOfSeveralStatementsThatFails_TouchesNothing()
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            (await db.Mappings.SingleAsync(m => m.Id == 7)).Target = "b";
            db.Add(new Country { Code = "sk" });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        }));
    }

    [Fact]
    public async Task C8_TransactionSharedByTwoContexts_TouchesBothAtItsCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            await App.UseAsync(async other =>
            {
                other.Database.SetDbConnection(db.Database.GetDbConnection());
                await other.Database.UseTransactionAsync(transaction.GetDbTransaction());
                other.Add(new Country { Code = "cz" });
                await other.SaveChangesAsync();
            });
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
        });
        Assert.Equal(["country/cz", .. Updated], touched);
    }

    [Fact]
    public async Task C8_ForeignTransaction_TouchesAtOnceAndWhenTheContextCommitsIt()
    {
        await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await using var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
            await db.Database.UseTransactionAsync(transaction);
            await UpdateAsync(db);
            Assert.Equal(Updated, PublicOnly(App.Store.Touched()));
            App.Store.Clear();
            await db.Database.CommitTransactionAsync();
            Assert.Equal(Updated, PublicOnly(App.Store.Touched()));
        });
    }

    [Fact]
    public async Task C8_Autocommit_IsTouchedWhenTheSaveReturns()
    {
        var touched = await TouchedAsync(async db =>
        {
            await UpdateAsync(db);
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Equal(Updated, touched);
    }
}
