using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteReusedTransactionTests() : ReusedTransactionTests(null);

public sealed class PostgresReusedTransactionTests(PostgresServer server) : ReusedTransactionTests(server);

/// <summary>C8: an object of the provider is not a transaction: it may run one after the other.</summary>
public abstract class ReusedTransactionTests(PostgresServer? server) : DatabaseTests(server)
{
    private static readonly string[] Country = ["country/sk"];

    [Fact]
    public async Task C8_NextTransactionOfTheConnection_TouchesWhatTheLastOneWrote()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var connection = db.Database.GetDbConnection();
            var first = await connection.BeginTransactionAsync();
            await db.Database.UseTransactionAsync(first);
            await UpdateAsync(db, "a");
            await first.CommitAsync();
            await db.Database.UseTransactionAsync(null);
            App.Store.Clear();
            await using var second = await connection.BeginTransactionAsync();
            await db.Database.UseTransactionAsync(second);
            Assert.Equal(Country, PublicOnly(App.Store.Touched()));
        });
    }

    [Fact]
    public async Task C8_NextTransactionOfTheConnection_TouchesAtItsEnd()
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            var connection = db.Database.GetDbConnection();
            for (var round = 0; round < 3; round++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                await db.Database.UseTransactionAsync(transaction);
                await UpdateAsync(db, $"{round}");
                await transaction.CommitAsync();
                await db.Database.UseTransactionAsync(null);
                App.Store.Clear();
                _ = await db.Imports.AsNoTracking().ToListAsync();
                Assert.Equal(Country, PublicOnly(App.Store.Touched()));
            }
        });
    }

    // The context saw how the first one ended; nothing is seen of the second.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_TransactionBegunElsewhereAfterOneThatWasSeen_IsInDoubt(bool commits)
    {
        await App.UseAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await using (var seen = await db.Database.BeginTransactionAsync())
            {
                await UpdateAsync(db, "a");
                if (commits)
                    await seen.CommitAsync();
                else
                    await seen.RollbackAsync();
            }

            var connection = db.Database.GetFreshetConnection();
            var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "UPDATE \"Countries\" SET \"Name\" = 'b' WHERE \"Code\" = 'sk'";
            App.Store.Clear();
            await command.ExecuteNonQueryAsync();
            Assert.Equal(Country, PublicOnly(App.Store.Touched()));
            await transaction.CommitAsync();
            App.Store.Clear();
            _ = await db.Imports.AsNoTracking().ToListAsync();
            Assert.Equal(Country, PublicOnly(App.Store.Touched()));
        });
    }

    private static Task<int> UpdateAsync(TestDb db, string name) =>
        db.Countries.Where(c => c.Code == "sk").ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, name));
}
