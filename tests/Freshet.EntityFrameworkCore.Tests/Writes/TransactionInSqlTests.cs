using System.Data.Common;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteTransactionInSqlTests() : TransactionInSqlTests(null)
{
    [Fact]
    public async Task C8_OutermostSavepoint_TouchesWhenItIsReleased()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("SAVEPOINT outer_one");
            await UpdateInSqlAsync(db);
            await db.Database.ExecuteSqlRawAsync("SAVEPOINT inner_one");
            await db.Database.ExecuteSqlRawAsync("RELEASE inner_one");
            await db.Database.ExecuteSqlRawAsync("SAVEPOINT inner_one");
            await db.Database.ExecuteSqlRawAsync("ROLLBACK TO OUTER_ONE");
            await UpdateInSqlAsync(db);
            Assert.Empty(App.Store.Touched());
            var reading = await App.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            await db.Database.ExecuteSqlRawAsync("RELEASE outer_one");
            Assert.False(reading.IsValid());

            // It has ended: the next write is by itself.
            App.Store.Clear();
            await UpdateInSqlAsync(db);
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_SavepointInsideATransactionBegunInSql_DoesNotEndIt()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await db.Database.ExecuteSqlRawAsync("SAVEPOINT x");
            await UpdateInSqlAsync(db);
            await db.Database.ExecuteSqlRawAsync("RELEASE x");
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_SavepointInsideATransaction_DoesNotHoldItsWritesBack()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlRawAsync("SAVEPOINT x");
            await UpdateInSqlAsync(db);
            await db.Database.ExecuteSqlRawAsync("RELEASE x");
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_DatabaseEndsTheTransactionByAnError_LaterWritesAreTouchedAtOnce()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await Assert.ThrowsAnyAsync<DbException>(
                () => db.Database.ExecuteSqlRawAsync("""INSERT OR ROLLBACK INTO "Reviewers" ("Id", "Name") VALUES (5, 'again')"""));
            App.Store.Clear();
            await UpdateInSqlAsync(db);
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }
}

public sealed class PostgresTransactionInSqlTests(PostgresServer server) : TransactionInSqlTests(server)
{
    [Theory]
    [InlineData("COMMIT AND CHAIN", true)]
    [InlineData("ROLLBACK AND CHAIN", false)]
    public async Task C8_EndAndChain_BeginsAnother(string sql, bool commits)
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await UpdateInSqlAsync(db);
            await db.Database.ExecuteSqlRawAsync(sql);
            Assert.Equal(commits, App.Store.Touched().Length > 0);

            App.Store.Clear();
            await db.Countries.ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "x"));
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Equal(["country"], touched);
    }

    [Fact]
    public async Task C8_TransactionEndedInSqlBehindItsObject_TouchesAtOnce()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await UpdateInSqlAsync(db);
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }
}

/// <summary>C8, where the transaction begins and ends in SQL: only the texts tell.</summary>
public abstract class TransactionInSqlTests(PostgresServer? server) : DatabaseTests(server)
{
    protected static Task<int> UpdateInSqlAsync(TestDb db) =>
        db.Mappings.Where(m => m.Id == 7).ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, "x"));

    [Fact]
    public async Task C8_TransactionBegunInSql_TouchesAtItsCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await UpdateInSqlAsync(db);
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_TransactionRolledBackInSql_TouchesNothing()
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await UpdateInSqlAsync(db);
            await db.Database.ExecuteSqlRawAsync("ROLLBACK");
        }));
    }

    [Fact]
    public async Task C8_TransactionBegunInSqlLeftOpen_TouchesWhenItsConnectionCloses()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await UpdateInSqlAsync(db);
            await db.Database.CloseConnectionAsync();
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("COMMIT; BEGIN")]
    [InlineData("SELECT 1; COMMIT; BEGIN; SELECT 1")]
    [InlineData("ROLLBACK; BEGIN")]
    public async Task C8_CommitAndBeginInOneText_TouchesWhatCameBeforeAtOnceAndTheRestAtTheNextCommit(string sql)
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await UpdateInSqlAsync(db);
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync(sql);
            Assert.NotEmpty(App.Store.Touched());

            App.Store.Clear();
            await db.Countries.ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "x"));
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Equal(["country"], touched);
    }

    [Fact]
    public async Task C8_WriteAndBeginInOneText_TouchesAtOnceAndAtTheCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("""UPDATE "Countries" SET "Name" = 'x'; BEGIN""");
            Assert.NotEmpty(App.Store.Touched());
            App.Store.Clear();
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Equal(["country"], touched);
    }

    [Fact]
    public async Task C8_BeginAndWriteInOneText_TouchesAtTheCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("""BEGIN; UPDATE "Countries" SET "Name" = 'x'""");
            Assert.Empty(App.Store.Touched());
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Equal(["country"], touched);
    }

    [Fact]
    public async Task C8_TextWithATransactionFailsInTheMiddle_TouchesAtOnceAndAtTheCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await Assert.ThrowsAnyAsync<DbException>(
                () => db.Database.ExecuteSqlRawAsync("""BEGIN; UPDATE "Countries" SET "Name" = 'x'; UPDATE "Countries" SET "Name" = NULL; COMMIT"""));
            Assert.NotEmpty(App.Store.Touched());
            App.Store.Clear();
            await db.Database.ExecuteSqlRawAsync("COMMIT");
        });
        Assert.Equal(["country"], touched);
    }

    [Fact]
    public async Task C2_LoadInATransactionBegunInSql_IsNotStored()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            var reading = await App.LoadAsync(() => db.Mappings.AsNoTracking().SingleAsync(m => m.Id == 7));
            Assert.Equal(CacheReason.AmbientTransaction, reading.Refusal);
            await db.Database.ExecuteSqlRawAsync("COMMIT");
            await db.Database.CloseConnectionAsync();
            reading = await App.LoadAsync(() => db.Mappings.AsNoTracking().SingleAsync(m => m.Id == 7));
            Assert.Equal(CacheReason.None, reading.Refusal);
        });
    }

    [Fact]
    public async Task C8_BeginInSqlFails_LaterWritesAreTouchedAtOnce()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync("BEGIN nonsense"));
            await UpdateInSqlAsync(db);
            Assert.NotEmpty(App.Store.Touched());
        });
        Assert.Contains("mapping/7", touched, StringComparer.Ordinal);
    }
}
