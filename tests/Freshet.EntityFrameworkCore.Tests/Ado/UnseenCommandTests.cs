using System.Diagnostics;
using Dapper;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Freshet.EntityFrameworkCore.Tests.Ado;

/// <summary>What a load runs on a provider's own connection is noticed where the provider tells of it.</summary>
public sealed class UnseenCommandTests(PostgresServer server) : DatabaseTests(server)
{
    private const string Select = "SELECT \"Name\" FROM \"Countries\" WHERE \"Code\" = 'sk'";

    public enum Way
    {
        ContextsConnection,
        OwnConnection,
        Batch,
        Copy,
        Synchronous,
        Procedure,
    }

    public static TheoryData<Way> Ways => [.. Enum.GetValues<Way>()];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task CommandOnTheProvidersConnection_IsNotStored_AndSaysSo(Way way)
    {
        for (var i = 0; i < 2; i++)
        {
            var reading = await App.ReadAsync(async db =>
            {
                _ = await db.Imports.ToListAsync();
                await RunAsync(db, way);
            });
            Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
        }

        Assert.Single(App.Log.Lines, l => l.Contains("GetFreshetConnection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CommandOnTheProvidersConnection_WhereOnlyAgeEndsTheAnswer_IsStored()
    {
        var reading = await App.ReadAsync(db =>
        {
            LoadScope.Current!.EndsByAge = true;
            return RunAsync(db, Way.OwnConnection);
        });
        Assert.Equal(CacheReason.None, reading.Refusal);
        Assert.DoesNotContain(App.Log.Lines, l => l.Contains("GetFreshetConnection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CommandOfTheProviderBesideAnAnalysedOne_IsNotStored()
    {
        var reading = await App.ReadAsync(async db =>
        {
            await using var own = new NpgsqlConnection(db.Database.GetConnectionString());
            await Task.WhenAll(db.Imports.ToListAsync(), own.QueryAsync(Select));
        });
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
    }

    // A new connection asks the server for its types, and tells of its opening.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnalysedCommandsOnANewConnection_AreStored(bool sync)
    {
        NpgsqlConnection.ClearAllPools();
        var reading = await App.ReadAsync(async db =>
        {
            _ = sync ? db.Imports.ToList() : await db.Imports.ToListAsync();
            _ = sync ? db.Countries.Count() : await db.Countries.CountAsync();
            var connection = db.Database.GetFreshetConnection();
            _ = sync ? connection.Query(Select) : await connection.QueryAsync(Select);
            _ = sync ? connection.ExecuteScalar(Select) : await connection.ExecuteScalarAsync(Select);
            await connection.OpenAsync();
            await using var batch = connection.CreateBatch();
            foreach (var text in (string[])[Select, Select])
            {
                var command = batch.CreateBatchCommand();
                command.CommandText = text;
                batch.BatchCommands.Add(command);
            }

            _ = sync ? batch.ExecuteScalar() : await batch.ExecuteScalarAsync();
        });
        Assert.Equal(CacheReason.None, reading.Refusal);
    }

    [Fact]
    public async Task CommandThatNeverBegan_HidesNoOther()
    {
        await App.ReadAsync(async db =>
        {
            var closed = db.Database.GetFreshetConnection().CreateCommand();
            closed.CommandText = Select;
            await Assert.ThrowsAsync<InvalidOperationException>(() => closed.ExecuteScalarAsync());
            await RunAsync(db, Way.OwnConnection);
        });
        Assert.Single(App.Log.Lines, l => l.Contains("GetFreshetConnection", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Listening_MakesNoActivity()
    {
        var made = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Npgsql",
            ActivityStarted = _ => made++,
        };
        ActivitySource.AddActivityListener(listener);
        await App.ReadAsync(db => RunAsync(db, Way.OwnConnection));
        Assert.Equal(0, made);
    }

    private static async Task RunAsync(TestDb db, Way way)
    {
        await using var own = new NpgsqlConnection(db.Database.GetConnectionString());
        var connection = way is Way.OwnConnection ? own : (NpgsqlConnection)db.Database.GetDbConnection();
        switch (way)
        {
            case Way.Copy:
                await connection.OpenAsync();
                await using (var rows = await connection.BeginBinaryExportAsync("COPY \"Countries\" TO STDOUT (FORMAT BINARY)"))
                    _ = await rows.StartRowAsync();
                break;
            case Way.Batch:
                await connection.OpenAsync();
                await using (var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(Select) } })
                    _ = await batch.ExecuteScalarAsync();
                break;
            case Way.Synchronous:
                _ = connection.Query(Select).ToList();
                break;
            case Way.Procedure:
                await connection.ExecuteAsync("DO $$ BEGIN END $$");
                break;
            default:
                _ = await connection.QueryAsync(Select);
                break;
        }
    }
}
