using System.Data.Common;
using Dapper;
using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Ado;

public sealed class SqliteCommandReuseTests() : CommandReuseTests(null);

public sealed class PostgresCommandReuseTests(PostgresServer server) : CommandReuseTests(server)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Batch_ReadsAndWritesWhatItsCommandsDo(bool sync)
    {
        var reading = await App.ReadAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var batch = Batch(connection, "SELECT * FROM \"Imports\" WHERE \"Id\" = 42", "SELECT * FROM \"Countries\" WHERE \"Code\" = 'sk'");
            await using var reader = sync ? batch.ExecuteReader() : await batch.ExecuteReaderAsync();
        });
        Assert.Equal(["(public): country/sk", "(public): import/42"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);

        var touched = await TouchedAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var batch = Batch(connection, "UPDATE \"Reviewers\" SET \"Name\" = 'b' WHERE \"Id\" = 5", "UPDATE \"Countries\" SET \"Name\" = 'b' WHERE \"Code\" = 'sk'");
            batch.Transaction = transaction;
            _ = sync ? batch.ExecuteNonQuery() : await batch.ExecuteNonQueryAsync();
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
        });
        Assert.Equal(["Reviewer/5", "context/5", "country/sk"], touched);
    }

    [Fact]
    public async Task C8_ReaderOfAWriteIsLeftOpen_TouchesWhenTheConnectionIsClosed()
    {
        var reading = await App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "UPDATE \"Countries\" SET \"Name\" = 'r' RETURNING \"Code\"";
            _ = await command.ExecuteReaderAsync();
            await connection.CloseAsync();
            Assert.False(reading.IsValid());
        });
    }

    // Npgsql runs a command in the transaction of its connection, whether it names it or not.
    [Fact]
    public async Task C8_CommandThatDoesNotNameItsTransaction_IsPartOfIt()
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 'r'");
            await transaction.RollbackAsync();
            await connection.CloseAsync();
        }));
    }

    private static DbBatch Batch(DbConnection connection, params string[] texts)
    {
        var batch = connection.CreateBatch();
        foreach (var text in texts)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = text;
            batch.BatchCommands.Add(command);
        }

        return batch;
    }
}

/// <summary>A command of ADO.NET is judged each time that it runs, by what it says then.</summary>
public abstract class CommandReuseTests(PostgresServer? server) : DatabaseTests(server)
{
    private const string Select = "SELECT \"Name\" FROM \"Countries\" WHERE \"Code\" = @code";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PreparedCommandWithANewValue_DependsOnBothRows(bool sync)
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var command = await CommandAsync(db, Select);
            if (sync)
                command.Prepare();
            else
                await command.PrepareAsync();
            _ = sync ? command.ExecuteScalar() : await command.ExecuteScalarAsync();
            command.Parameters["code"].Value = "cz";
            _ = sync ? command.ExecuteScalar() : await command.ExecuteScalarAsync();
        });
        Assert.Equal(["(public): country/cz", "(public): country/sk"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task CommandWithANewText_DependsOnWhatThatReads()
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var command = await CommandAsync(db, "SELECT 1");
            command.CommandText = Select;
            _ = await command.ExecuteScalarAsync();
        });
        Assert.Equal(["(public): country/sk"], reading.Dependencies);
    }

    // A provider sends no more of a text than the parameter's size.
    [Fact]
    public async Task ParameterThatIsCut_PinsNothing()
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var command = await CommandAsync(db, Select);
            command.Parameters["code"].Value = "skx";
            command.Parameters["code"].Size = 2;
            Assert.Equal("Slovensko", await command.ExecuteScalarAsync());
        });
        Assert.Equal(["(public): country/**"], reading.Dependencies);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Reader_DependsOnWhatItReads_AndGivesIt(bool sync)
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var command = await CommandAsync(db, Select);
            await using var reader = sync ? command.ExecuteReader() : await command.ExecuteReaderAsync();
            Assert.True(sync ? reader.Read() : await reader.ReadAsync());
            Assert.Equal("Slovensko", reader.GetString(0));
            Assert.Equal("Name", reader.GetName(0));
            Assert.False(await reader.IsDBNullAsync(0));
            Assert.False(sync ? reader.NextResult() : await reader.NextResultAsync());
        });
        Assert.Equal(["(public): country/sk"], reading.Dependencies);
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task ProvidersConnection_IsHandedOutByNameOnly()
    {
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            var senders = new List<object?>();
            connection.StateChange += (sender, _) => senders.Add(sender);
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            await using var transaction = await connection.BeginTransactionAsync();
            command.Transaction = transaction;
            Assert.Same(connection, command.Connection);
            Assert.Same(connection, transaction.Connection);
            Assert.Same(transaction, command.Transaction);
            Assert.Equal([connection], senders);
            Assert.Same(db.Database.GetDbConnection(), connection.Inner);
        });
    }

    [Fact]
    public async Task LoadThatTakesTheProvidersConnection_IsNotStored() =>
        Assert.Equal(CacheReason.UnknownSource, (await App.ReadAsync(db => Task.FromResult(db.Database.GetFreshetConnection().Inner))).Refusal);

    [Fact]
    public async Task LoadThatReadsTheSchema_IsNotStored() =>
        Assert.Equal(CacheReason.UnknownSource, (await App.ReadAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            _ = connection.GetSchema();
        })).Refusal);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_TransactionOfTheProvider_IsTakenAsWell(bool commits)
    {
        var reading = await App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = await db.Database.GetDbConnection().BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 'r' WHERE \"Code\" = 'sk'", transaction: transaction);
            // Nobody will say how it ends: it is touched, and held until then.
            Assert.False(reading.IsValid());
            Assert.Equal(CacheReason.OpenWrite, (await App.ReadAsync(other => other.Countries.SingleAsync(c => c.Code == "sk"))).Refusal);
            App.Store.Clear();
            if (commits)
                await transaction.CommitAsync();
            await transaction.DisposeAsync();
            await connection.CloseAsync();
            Assert.Contains(App.Store.Touched(), t => t.Contains("country/sk", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task C8_TransactionGivenToTheProvidersCommand_IsTouchedWhenItEnds()
    {
        var reading = await App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = (FreshetTransaction)await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 'r' WHERE \"Code\" = 'sk'", transaction: transaction);
            await transaction.Inner.CommitAsync();
            await transaction.DisposeAsync();
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C8_RollbackToSavepoint_ForgetsNothing()
    {
        var touched = await TouchedAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 'r' WHERE \"Code\" = 'sk'", transaction: transaction);
            await transaction.SaveAsync("a");
            await connection.ExecuteAsync("UPDATE \"Reviewers\" SET \"Name\" = 'r' WHERE \"Id\" = 5", transaction: transaction);
            await transaction.RollbackAsync("a");
            await transaction.CommitAsync();
        });
        Assert.Equal(["Reviewer/5", "context/5", "country/sk"], touched);
    }

    [Fact]
    public async Task C8_CommitInSql_Touches()
    {
        var reading = await App.ReadAsync(db => db.Countries.SingleAsync(c => c.Code == "sk"));
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            await connection.ExecuteAsync("BEGIN TRANSACTION");
            await connection.ExecuteAsync("UPDATE \"Countries\" SET \"Name\" = 'r' WHERE \"Code\" = 'sk'");
            Assert.Empty(App.Store.Touched());
            await connection.ExecuteAsync("COMMIT TRANSACTION");
            Assert.False(reading.IsValid());
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Disposal_ClosesWhatItOpened_AndLeavesTheContextItsConnection(bool sync)
    {
        await App.UseAsync(async db =>
        {
            var connection = db.Database.GetFreshetConnection();
            await connection.OpenAsync();
            if (sync)
                connection.Dispose();
            else
                await connection.DisposeAsync();
            Assert.Equal(System.Data.ConnectionState.Closed, db.Database.GetDbConnection().State);
            Assert.NotEmpty(await db.Imports.ToListAsync());
        });
    }

    private static async Task<DbCommand> CommandAsync(TestDb db, string text)
    {
        var connection = db.Database.GetFreshetConnection();
        await connection.OpenAsync();
        var command = connection.CreateCommand();
        command.CommandText = text;
        var parameter = command.CreateParameter();
        (parameter.ParameterName, parameter.DbType, parameter.Value, parameter.Size) = ("code", System.Data.DbType.String, "sk", 10);
        command.Parameters.Add(parameter);
        return command;
    }
}
