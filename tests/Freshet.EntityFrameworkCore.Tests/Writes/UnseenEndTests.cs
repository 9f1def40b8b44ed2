using System.Data.Common;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteUnseenEndTests() : UnseenEndTests(null);

public sealed class PostgresUnseenEndTests(PostgresServer server) : UnseenEndTests(server)
{
    // SQLite refuses a command that does not name the transaction, and its driver names it.
    [Theory]
    [MemberData(nameof(Ends))]
    public async Task C8_TransactionThatEntityFrameworkNeverHearsOf_HoldsUntilItsEnd(End end)
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var transaction = await db.Database.GetDbConnection().BeginTransactionAsync(TestContext.Current.CancellationToken);
            (await db.Countries.SingleAsync()).Name = "saved";
            await db.SaveChangesAsync();
            await HeldUntilAsync(end, db, transaction.Commit);
        });
    }
}

public enum End
{
    NextCommand,
    CloseInEntityFramework,
    CloseConnection,
    DisposeConnection,
    DisposeContext,
}

/// <summary>C8: transactions that end where Entity Framework does not see it.</summary>
public abstract class UnseenEndTests(PostgresServer? server) : DatabaseTests(server)
{
    public static TheoryData<End> Ends => [.. Enum.GetValues<End>()];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_CommitOfTheTransactionObject_TouchesWhenTheTransactionIsDisposed(bool sync)
    {
        await App.UseAsync(async db =>
        {
            var reading = await ReadAsync();
            await using (var transaction = await db.Database.BeginTransactionAsync())
            {
                await UpdateAsync(db);
                await CommitAsync(transaction.GetDbTransaction(), sync);
            }

            Assert.False(reading.IsValid());
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_CommitOfTheTransactionObjectOnAnOpenConnection_TouchesAtTheNextCommand(bool sync)
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var reading = await ReadAsync();
            var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            await CommitAsync(transaction.GetDbTransaction(), sync);
            await transaction.DisposeAsync();
            _ = sync ? db.Imports.AsNoTracking().ToList() : await db.Imports.AsNoTracking().ToListAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C8_CommitOfTheTransactionObject_TouchesWhenTheNextTransactionBegins()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var reading = await ReadAsync();
            var transaction = await db.Database.BeginTransactionAsync();
            await UpdateAsync(db);
            await transaction.GetDbTransaction().CommitAsync();
            await transaction.DisposeAsync();
            await using var next = await db.Database.BeginTransactionAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task C8_TransactionBegunElsewhere_HoldsUntilItsEnd(End end)
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
            await db.Database.UseTransactionAsync(transaction);
            await UpdateAsync(db);
            await HeldUntilAsync(end, db, () =>
            {
                transaction.Commit();
                db.Database.UseTransaction(null);
            });
        });
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task C8_TransactionBegunByACommandOfItsOwn_HoldsUntilItsEnd(End end)
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            Run(db, "BEGIN");
            await UpdateAsync(db);
            await HeldUntilAsync(end, db, () => Run(db, "COMMIT"));
        });
    }

    [Fact]
    public async Task C8_ObjectOfATransactionThatWasDisposedIsUsedAgain_IsNotTakenForIt()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await (await db.Database.BeginTransactionAsync()).DisposeAsync();
            await using var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
            await db.Database.UseTransactionAsync(transaction);
            await UpdateAsync(db);
            Assert.Equal(CacheReason.OpenWrite, (await ReadAsync()).Refusal);
        });
    }

    [Fact]
    public async Task C8_ManyRowsWrittenOnAnOpenConnection_AreHeldByType()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            for (var i = 0; i < 300; i++)
            {
                var code = $"c{i}";
                await db.Countries.Where(c => c.Code == code).ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "x"));
            }

            Assert.Equal(CacheReason.OpenWrite, (await ReadAsync()).Refusal);
            await db.Database.CloseConnectionAsync();
            Assert.Equal(CacheReason.None, (await ReadAsync()).Refusal);
        });
    }

    protected async Task HeldUntilAsync(End end, TestDb db, Action commit)
    {
        Assert.Contains(App.Store.Touched(), t => t.Contains("country", StringComparison.Ordinal));
        Assert.Equal(CacheReason.OpenWrite, (await ReadAsync()).Refusal);
        // What does not depend on it is stored.
        Assert.Equal(CacheReason.None, (await App.ReadAsync(other => other.Imports.ToListAsync())).Refusal);
        App.Store.Clear();
        commit();
        switch (end)
        {
            case End.NextCommand:
                _ = await db.Imports.AsNoTracking().ToListAsync();
                Assert.Contains(App.Store.Touched(), t => t.Contains("country", StringComparison.Ordinal));
                await db.Database.CloseConnectionAsync();
                break;
            case End.CloseInEntityFramework:
                await db.Database.CloseConnectionAsync();
                await db.Database.CloseConnectionAsync();
                break;
            case End.CloseConnection:
                db.Database.GetDbConnection().Close();
                break;
            case End.DisposeConnection:
                await db.Database.GetDbConnection().DisposeAsync();
                break;
            default:
                await db.DisposeAsync();
                break;
        }

        Assert.Contains(App.Store.Touched(), t => t.Contains("country", StringComparison.Ordinal));
        Assert.Equal(CacheReason.None, (await ReadAsync()).Refusal);
    }

    private static Task<int> UpdateAsync(TestDb db) =>
        db.Countries.Where(c => c.Code == "sk").ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "x"));

    private static async Task CommitAsync(DbTransaction transaction, bool sync)
    {
        if (sync)
            transaction.Commit();
        else
            await transaction.CommitAsync();
    }

    private static void Run(TestDb db, string sql)
    {
        using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private Task<Reading> ReadAsync() => App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
}
