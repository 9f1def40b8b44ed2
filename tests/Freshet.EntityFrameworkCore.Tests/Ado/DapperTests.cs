using System.Data.Common;
using System.Transactions;
using Dapper;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Ado;

public sealed class SqliteDapperTests() : DapperTests(null);

public sealed class PostgresDapperTests(PostgresServer server) : DapperTests(server)
{
    // Dapper asks the name of the connection's class whether the database takes arrays.
    [Fact]
    public async Task ArrayAsAParameter_IsSentAsOne_AndPinsTheRows()
    {
        var reading = await App.ReadAsync(async db => Assert.Equal(
            2,
            (await db.Database.GetFreshetConnection().QueryAsync("SELECT * FROM \"Imports\" WHERE \"Id\" = ANY(@ids)", new { ids = new[] { 42, 43 } })).Count()));
        Assert.Equal(["(public): import/42", "(public): import/43"], reading.Dependencies);
    }

    [Fact]
    public async Task StoredProcedure_MayHaveWrittenAnything()
    {
        await App.UseAsync(db => db.Database.ExecuteSqlRawAsync(
            "CREATE PROCEDURE change(name text) LANGUAGE sql AS $$ UPDATE \"Countries\" SET \"Name\" = name $$"));
        var touched = await TouchedAsync(db => db.Database.GetFreshetConnection()
            .ExecuteAsync("change", new { name = "p" }, commandType: System.Data.CommandType.StoredProcedure));
        Assert.Contains("country", touched, StringComparer.Ordinal);
        Assert.Contains("mapping", touched, StringComparer.Ordinal);

        var reading = await App.ReadAsync(db => db.Database.GetFreshetConnection()
            .ExecuteAsync("change", new { name = "q" }, commandType: System.Data.CommandType.StoredProcedure));
        Assert.NotEqual(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task FunctionThatIsNotKnown_MayHaveWrittenAnything()
    {
        await App.UseAsync(db => db.Database.ExecuteSqlRawAsync(
            "CREATE FUNCTION rename(name text) RETURNS int LANGUAGE sql AS $$ UPDATE \"Countries\" SET \"Name\" = name; SELECT 1 $$"));
        var touched = await TouchedAsync(db => db.Database.GetFreshetConnection().QuerySingleAsync<int>("SELECT rename(@name)", new { name = "f" }));
        Assert.Contains("country", touched, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_TransactionScope_TouchesWhenItIsCompleted(bool completes)
    {
        var touched = await TouchedAsync(async db =>
        {
            using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
            {
                await db.Database.GetFreshetConnection().ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 's' WHERE \"Code\" = 'sk'");
                Assert.Empty(App.Store.Touched());
                if (completes)
                    scope.Complete();
            }

            Assert.Equal(completes, App.Store.Touched().Length > 0);
        });
        Assert.Equal(completes, touched.Contains("country/sk", StringComparer.Ordinal));
    }

    // Nobody enlists a connection that is open before the scope: what is written on it is committed.
    [Fact]
    public async Task C8_ConnectionThatWasOpenBeforeTheScope_TouchesAtOnce()
    {
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 's' WHERE \"Code\" = 'sk'");
            Assert.Contains("(public): country/sk", App.Store.Touched(), StringComparer.Ordinal);
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_EnlistedConnection_TouchesWhenItsTransactionCommits(bool commits)
    {
        await App.UseAsync(async db =>
        {
            using var transaction = new CommittableTransaction();
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            connection.EnlistTransaction(transaction);
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 's' WHERE \"Code\" = 'sk'");
            Assert.Empty(App.Store.Touched());
            Assert.Equal(CacheReason.AmbientTransaction, (await App.LoadAsync(() => connection.QueryAsync("SELECT * FROM \"Imports\""))).Refusal);
            if (commits)
                transaction.Commit();
            else
                transaction.Rollback();
            Assert.Equal(commits, App.Store.Touched().Length > 0);
        });
    }

    [Fact]
    public async Task RowsOfAWrite_TouchWhenTheyHaveBeenRead()
    {
        var touched = await TouchedAsync(async db => Assert.Equal("sk", await db.Database.GetFreshetConnection()
            .QuerySingleAsync<string>("UPDATE \"Countries\" SET \"Name\" = 'r' WHERE \"Code\" = 'sk' RETURNING \"Code\"")));
        Assert.Contains("country/sk", touched, StringComparer.Ordinal);
    }
}

/// <summary>Dapper on the connection of a context reads and writes as the context does.</summary>
public abstract class DapperTests(PostgresServer? server) : DatabaseTests(server)
{
    private const string Select = "SELECT \"Name\" FROM \"Countries\" WHERE \"Code\" = @code";
    private const string Update = "UPDATE \"Countries\" SET \"Name\" = @name WHERE \"Code\" = @code";

    [Fact]
    public async Task Read_DependsOnTheRow_AndIsStored()
    {
        var reading = await ReadAsync();
        Assert.Equal(["(public): country/sk"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task Read_EndsWithAWriteOfTheContext()
    {
        var reading = await ReadAsync();
        await App.UseAsync(async db =>
        {
            (await db.Countries.SingleAsync()).Name = "e";
            await db.SaveChangesAsync();
        });
        Assert.False(reading.IsValid());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadOfTheContext_EndsWithAWriteOfDapper(bool sync)
    {
        var reading = await App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            _ = sync ? connection.Execute(Update, new { code = "sk", name = "d" }) : await connection.ExecuteAsync(Update, new { code = "sk", name = "d" });
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task WriteOfARow_LeavesTheOthers()
    {
        var other = await App.ReadAsync(db => db.Imports.ToListAsync());
        await App.UseAsync(db => db.Database.GetFreshetConnection().ExecuteAsync(Update, new { code = "sk", name = "d" }));
        Assert.True(other.IsValid());
    }

    [Fact]
    public async Task CommandThatRunsForEachOfMany_TouchesEach()
    {
        await App.SeedAsync(new Country { Code = "cz", Name = "Česko" });
        var touched = await TouchedAsync(db => db.Database.GetFreshetConnection()
            .ExecuteAsync(Update, new[] { new { code = "sk", name = "1" }, new { code = "cz", name = "2" } }));
        Assert.Contains("country/sk", touched, StringComparer.Ordinal);
        Assert.Contains("country/cz", touched, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_Commit_TouchesAfterwards(bool sync)
    {
        var reading = await ReadAsync();
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            connection.Open();
            await using var transaction = sync ? connection.BeginTransaction() : await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(Update, new { code = "sk", name = "t" }, transaction);
            Assert.Empty(App.Store.Touched());
            if (sync)
                transaction.Commit();
            else
                await transaction.CommitAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task C8_RollbackOrDisposal_TouchesNothing(bool sync, bool explicitly)
    {
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(Update, new { code = "sk", name = "t" }, transaction);
            if (explicitly && sync)
                transaction.Rollback();
            else if (explicitly)
                await transaction.RollbackAsync();
            if (sync)
                transaction.Dispose();
            else
                await transaction.DisposeAsync();
            await connection.CloseAsync();
        });
        Assert.Empty(App.Store.Touched());
    }

    [Fact]
    public async Task C8_TransactionOfDapper_TakesInTheContext()
    {
        var reading = await ReadAsync();
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await db.Database.UseTransactionAsync(transaction);
            (await db.Countries.SingleAsync()).Name = "e";
            await db.SaveChangesAsync();
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C8_TransactionOfTheContext_TakesInDapper()
    {
        var reading = await ReadAsync();
        await App.UseAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.GetFreshetConnection().ExecuteAsync(Update, new { code = "sk", name = "t" }, Transaction(db));
            Assert.Empty(App.Store.Touched());
            Assert.True(reading.IsValid());
            await transaction.CommitAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C2_ReadInATransaction_IsNotStored()
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.GetFreshetConnection().QueryAsync<string>(Select, new { code = "sk" }, Transaction(db));
        });
        Assert.Equal(CacheReason.AmbientTransaction, reading.Refusal);
    }

    [Fact]
    public async Task C2_ConnectionThatWasOpenBefore_IsNotStored() => await App.UseAsync(async db =>
    {
        var connection = db.Database.GetFreshetConnection();
        await connection.OpenAsync();
        Assert.Equal(CacheReason.OpenConnection, (await App.LoadAsync(() => connection.QueryAsync<string>(Select, new { code = "sk" }))).Refusal);
    });

    [Fact]
    public async Task SeveralResults_DependOnAll()
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var results = await db.Database.GetFreshetConnection()
                .QueryMultipleAsync("SELECT \"Name\" FROM \"Imports\" WHERE \"Id\" = @id; " + Select, new { id = 42, code = "sk" });
            Assert.Equal("i42", await results.ReadSingleAsync<string>());
            Assert.Equal("Slovensko", await results.ReadSingleAsync<string>());
        });
        Assert.Equal(["(public): country/sk", "(public): import/42"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task RowsThatAreNotBuffered_DependOnWhatTheyRead()
    {
        var reading = await App.ReadAsync(async db =>
        {
            foreach (var name in db.Database.GetFreshetConnection().Query<string>(Select, new { code = "sk" }, buffered: false))
                Assert.Equal("Slovensko", name);
            await foreach (var name in db.Database.GetFreshetConnection().QueryUnbufferedAsync<string>("SELECT \"Name\" FROM \"Imports\" WHERE \"Id\" = 42"))
                Assert.Equal("i42", name);
        });
        Assert.Equal(["(public): country/sk", "(public): import/42"], reading.Dependencies);
    }

    [Fact]
    public async Task TableThatIsNotMapped_IsNotStored()
    {
        // It may hold what is mapped, and whose rows of that it reads cannot be shown.
        await App.UseAsync(db => db.Database.ExecuteSqlRawAsync("CREATE TABLE \"Elsewhere\" (x int)"));
        var reading = await App.ReadAsync(db => db.Database.GetFreshetConnection().QueryAsync("SELECT * FROM \"Elsewhere\""));
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
    }

    [Fact]
    public async Task C3_CommandFails_TheAnswerThatIsGivenAllTheSameIsNotStored()
    {
        var reading = await App.ReadAsync(async db => await Assert.ThrowsAnyAsync<DbException>(
            () => db.Database.GetFreshetConnection().QueryAsync("SELECT broken FROM \"Countries\"")));
        Assert.Equal(CacheReason.NestedUnknown, reading.Refusal);
    }

    private Task<Reading> ReadAsync() => App.ReadAsync(async db =>
        Assert.Equal("Slovensko", await db.Database.GetFreshetConnection().QuerySingleAsync<string>(Select, new { code = "sk" })));

    private static DbTransaction Transaction(TestDb db) => Microsoft.EntityFrameworkCore.Storage.DbContextTransactionExtensions.GetDbTransaction(db.Database.CurrentTransaction!);
}
