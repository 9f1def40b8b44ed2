using System.Data.Common;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Freshet.History.Nodes;

/// <summary>
/// The rows in the database. An answer is a text: <c>tenant.id.version</c> and a space for each row, all of it as the database has it.
/// </summary>
internal sealed class Rows(string database, int seed)
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(database + ";Maximum Pool Size=48;Timeout=60;Command Timeout=60;No Reset On Close=true");
    private readonly Random _dice = new(seed);

    /// <summary>Makes the table, with all rows at version 1.</summary>
    public static async Task CreateAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database + ";Pooling=false");
        await using var create = source.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"""
            CREATE TABLE item (tenant int, id int, version bigint NOT NULL, PRIMARY KEY (tenant, id));
            INSERT INTO item SELECT t, i, 1 FROM generate_series(0, {World.Tenants}) t, generate_series(0, {World.RowsPerTenant - 1}) i
            """));
        await create.ExecuteNonQueryAsync();
    }

    public async Task<string> ItemAsync(int tenant, int id)
    {
        await using var command = _source.CreateCommand("SELECT tenant, id, version FROM item WHERE tenant = $1 AND id = $2");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = id });
        return await LingerAsync(await ReadAsync(command));
    }

    public async Task<string> GroupAsync(int tenant, int group)
    {
        await using var command = _source.CreateCommand("SELECT tenant, id, version FROM item WHERE tenant = $1 AND id >= $2 AND id < $3 ORDER BY id");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = group * World.RowsPerGroup });
        command.Parameters.Add(new() { Value = (group + 1) * World.RowsPerGroup });
        return await LingerAsync(await ReadAsync(command));
    }

    /// <summary>Increments the version; when it returns, that is committed.</summary>
    public async Task<string> WriteAsync(int tenant, int id)
    {
        await using var command = _source.CreateCommand("UPDATE item SET version = version + 1 WHERE tenant = $1 AND id = $2 RETURNING tenant, id, version");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = id });
        return await ReadAsync(command);
    }

    private static async Task<string> ReadAsync(DbCommand command)
    {
        var text = new StringBuilder();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            text.Append(CultureInfo.InvariantCulture, $"{reader.GetInt32(0)}.{reader.GetInt32(1)}.{reader.GetInt64(2)} ");
        return text.ToString();
    }

    // Some loads end late with what they read early: the race that caches lose.
    private async Task<string> LingerAsync(string read)
    {
        int milliseconds;
        lock (_dice)
            milliseconds = _dice.Next(20) == 0 ? _dice.Next(1, 30) : 0;
        if (milliseconds > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
        return read;
    }
}
