using System.Data;
using System.Data.Common;
using System.Globalization;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Tests.Reads;
using Freshet.Invalidation;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

public sealed class SqliteConditionsTests() : ConditionsInTheDatabaseTests(null);

public sealed class PostgresConditionsTests(PostgresServer server) : ConditionsInTheDatabaseTests(server);

/// <summary>
/// Seeded random conditions with random values, judged by the analysis and by the database itself: the analysis may know less, and
/// never anything else. <c>FRESHET_FUZZ_CASES</c> says how many.
/// </summary>
public abstract class ConditionsInTheDatabaseTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly object[] Anything =
    [
        true, false, 0, 1, 2L, -1L, (byte)1, 1UL, DBNull.Value, "", "x", "X", "t", "1", "0", "1x", 0.0, 1.0, double.PositiveInfinity, 1m, 0m, Guid.Empty,
        DateTime.UnixEpoch, TimeSpan.Zero, new DateOnly(2000, 1, 1), Array.Empty<byte>(), new byte[] { 1 }, 'x', '1', DayOfWeek.Monday, DayOfWeek.Sunday,
    ];

    private static readonly string[] Tables = ["Imports", "Mappings", "Notes"];

    private static readonly EntityModel Model = Build();

    private DbConnection _connection = null!;

    private sealed record Owner(int Id);

    private sealed record Import(int Id, int? ImportId);

    private sealed record Mapping(int Id, int? ImportId);

    private sealed record Note(int Id, int? ImportId);

    private SqlDialect Dialect => server is null ? SqlDialect.Sqlite : SqlDialect.PostgreSql;

    private static int Cases => int.TryParse(Environment.GetEnvironmentVariable("FRESHET_FUZZ_CASES"), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : 1_000;

    private static EntityModel Build()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<Owner>("owner").Key(o => o.Id);
        builder.Entity<Import>("Imports").Key(i => i.Id).Parent<Owner>(i => i.ImportId);
        builder.Entity<Mapping>("Mappings").Key(m => m.Id).Parent<Owner>(m => m.ImportId);
        builder.Entity<Note>("Notes").Key(n => n.Id).Parent<Owner>(n => n.ImportId);
        return builder.Build();
    }

    public async ValueTask InitializeAsync()
    {
        _connection = server is null ? new SqliteConnection("Data Source=:memory:") : new NpgsqlConnection(await server.CreateDatabaseAsync() + ";Options=-c jit=off");
        await _connection.OpenAsync();
        // Every row that may be: whatever a condition lets through is there.
        var values = string.Join(", ", from id in new[] { 0, 1, 2 } from import in new[] { "NULL", "0", "1" } select $"({id}, {import})");
        using var command = _connection.CreateCommand();
        command.CommandText = string.Concat(Tables.Select(table => $"""
            CREATE TABLE "{table}" ("Id" integer, "ImportId" integer, "Other" integer);
            INSERT INTO "{table}" ("Id", "ImportId") VALUES {values};
            {(server is null ? "" : $"ANALYZE \"{table}\";")}
            """));
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _connection.DisposeAsync();
    }

    [Fact]
    public async Task RandomGuard_IsWhatTheDatabaseSays()
    {
        var (judged, known) = (0, 0);
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var guard = new RandomConditions(random, server is null).Guard(3);
            using var command = Command(random, $"SELECT CASE WHEN ({guard}) THEN 'T' WHEN NOT ({guard}) THEN 'F' ELSE 'N' END");
            if (await RowsAsync(command) is not { } rows)
                continue;
            var truths = GuardTruthTests.Truths($"({guard})", Dialect, command.Parameters);
            if (truths == "not a guard")
                continue;
            judged++;
            known += truths.Length == 1 ? 1 : 0;
            var actual = (string)rows[0][0]!;
            Assert.True(truths.Contains(actual, StringComparison.Ordinal), Failure(seed, command, $"It is {actual}, and was judged {truths}."));
        }

        // To know nothing would be right, too.
        Assert.True(judged > Cases / 2, $"{judged} of {Cases} were judged.");
        Assert.True(known > judged / 2, $"Of {judged} that were judged {known} were known.");
    }

    [Theory]
    [InlineData("""SELECT m."Id", m."ImportId" FROM "Mappings" AS m WHERE {0}""")]
    [InlineData("""SELECT m0."Id", m0."ImportId" FROM (SELECT m."Id", m."ImportId" FROM "Mappings" AS m WHERE {0}) AS m0 WHERE {1}""")]
    [InlineData("""SELECT m0."Id", m0."ImportId" FROM (SELECT m."Id", m."ImportId" FROM "Mappings" AS m WHERE {0} LIMIT 100) AS m0 WHERE {1}""")]
    [InlineData("""SELECT m."Id", m."ImportId" FROM "Mappings" AS m WHERE {0} UNION ALL SELECT m1."Id", m1."ImportId" FROM "Mappings" AS m1 WHERE {2}""")]
    public async Task RandomCondition_LetsThroughNoRowBesidesThosePinned(string shape)
    {
        var (ran, pinned, guarded) = (0, 0, 0);
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var conditions = new RandomConditions(random, server is null);
            using var command = Command(random, string.Format(
                CultureInfo.InvariantCulture, shape, conditions.Condition(3, "m"), conditions.Condition(2, "m0"), conditions.Condition(2, "m1")));
            if (await RowsAsync(command) is not { } rows)
                continue;
            ran++;
            var text = new CommandText(command.CommandText, Catalog());
            var plan = text.PlanFor(command.Parameters);
            Assert.Null(plan.ReadsAnything);
            var allowed = plan.Reads.Select(r => Allowed(r, command.Parameters)).ToList();
            guarded += plan != text.Plan ? 1 : 0;
            if (allowed.Exists(a => a is null))
                continue;
            pinned++;
            foreach (var row in rows)
                Assert.True(allowed.Exists(a => a!(row)), Failure(seed, command, $"The row {row[0]}, {row[1] ?? "null"} is not among {SqlAnalysisTests.Reads(plan)}."));
        }

        Assert.True(ran > Cases / 2, $"{ran} of {Cases} ran.");
        Assert.True(pinned > ran / 50 && guarded > ran / 50, $"Of {ran} that ran {pinned} pinned a row, and {guarded} had guards.");
    }

    public static TheoryData<string> Joins =>
    [
        """SELECT {row} FROM "Imports" AS i JOIN "Mappings" AS m ON {0} JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i LEFT JOIN "Mappings" AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i LEFT JOIN "Mappings" AS m ON {0} JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i JOIN "Mappings" AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i RIGHT JOIN "Mappings" AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i LEFT JOIN "Mappings" AS m ON {0} RIGHT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i FULL JOIN "Mappings" AS m ON i."Id" = m."ImportId" JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i, "Mappings" AS m LEFT JOIN "Notes" AS n ON {5} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i LEFT JOIN ("Mappings" AS m JOIN "Notes" AS n ON {5}) ON {1} WHERE {2}""",
        """SELECT {row} FROM "Imports" AS i LEFT JOIN (SELECT m1."Id", m1."ImportId" FROM "Mappings" AS m1 WHERE {3}) AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM (SELECT i1."Id", i1."ImportId" FROM "Imports" AS i1 WHERE {6} LIMIT 100) AS i LEFT JOIN "Mappings" AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT {row} FROM (SELECT i1."Id", i1."ImportId" FROM "Imports" AS i1 WHERE {6}) AS i JOIN (SELECT m1."Id", m1."ImportId" FROM "Mappings" AS m1 WHERE {3} LIMIT 100) AS m ON {0} LEFT JOIN "Notes" AS n ON {1} WHERE {2}""",
        """SELECT i."Id", i."ImportId", NULL, NULL, NULL, NULL FROM "Imports" AS i WHERE {4} AND EXISTS (SELECT 1 FROM "Mappings" AS m WHERE {0} AND EXISTS (SELECT 1 FROM "Notes" AS n WHERE {2}))""",
        """SELECT i."Id", i."ImportId", NULL, NULL, NULL, NULL FROM "Imports" AS i WHERE {4} OR i."Id" IN (SELECT m."ImportId" FROM "Mappings" AS m WHERE {0})""",
    ];

    [Theory]
    [MemberData(nameof(Joins))]
    public async Task RandomJoin_LetsThroughNoRowBesidesThosePinned(string shape)
    {
        var (ran, pinned, guarded) = (0, 0, 0);
        for (var seed = 0; seed < Cases / 8; seed++)
        {
            var random = new Random(seed);
            var conditions = new RandomConditions(random, server is null);
            using var command = Command(random, string.Format(
                CultureInfo.InvariantCulture,
                shape.Replace("{row}", "i.\"Id\", i.\"ImportId\", m.\"Id\", m.\"ImportId\", n.\"Id\", n.\"ImportId\"", StringComparison.Ordinal),
                conditions.Condition(2, "m", "i"),
                conditions.Condition(2, "n", "m", "i"),
                conditions.Condition(2, "n", "m", "i"),
                conditions.Condition(1, "m1"),
                conditions.Condition(2, "i"),
                conditions.Condition(2, "n", "m"),
                conditions.Condition(1, "i1")));
            if (await RowsAsync(command) is not { } rows)
                continue;
            ran++;
            var text = new CommandText(command.CommandText, Catalog());
            var plan = text.PlanFor(command.Parameters);
            guarded += plan != text.Plan ? 1 : 0;
            foreach (var read in plan.Reads)
            {
                if (Allowed(read, command.Parameters) is not { } allowed)
                    continue;
                pinned++;
                var at = Array.IndexOf(Tables, read.Table.Entity.Name) * 2;
                foreach (var row in rows.Where(r => r[at] is not null))
                {
                    Assert.True(
                        allowed([row[at], row[at + 1]]),
                        Failure(seed, command, $"The row {row[at]}, {row[at + 1] ?? "null"} of {read.Table.Entity.Name} is not among {SqlAnalysisTests.Reads(plan)}."));
                }
            }
        }

        Assert.True(ran > Cases / 16, $"{ran} of {Cases / 8} ran.");
        Assert.True(pinned > ran / 50 && guarded > ran / 50, $"Of {ran} that ran {pinned} reads pinned a row, and {guarded} had guards.");
    }

    [Theory]
    [InlineData("""DELETE FROM "Mappings" AS m WHERE {0} RETURNING {row}""")]
    [InlineData("""UPDATE "Mappings" AS m SET "Other" = 1 WHERE {0} RETURNING {row}""")]
    [InlineData("""UPDATE "Mappings" AS m SET "Other" = 1 FROM "Imports" AS i WHERE {1} RETURNING {row}""")]
    public async Task RandomWrite_ChangesNoRowBesidesThosePinned(string shape)
    {
        var (ran, pinned) = (0, 0);
        for (var seed = 0; seed < Cases; seed++)
        {
            var random = new Random(seed);
            var conditions = new RandomConditions(random, server is null);
            await using var transaction = await _connection.BeginTransactionAsync();
            using var command = Command(random, string.Format(
                CultureInfo.InvariantCulture,
                shape.Replace("{row}", server is null ? "\"Id\", \"ImportId\"" : "m.\"Id\", m.\"ImportId\"", StringComparison.Ordinal),
                conditions.Condition(3, "m"),
                conditions.Condition(3, "m", "i")));
            command.Transaction = transaction;
            if (await RowsAsync(command) is not { } rows)
                continue;
            ran++;
            await transaction.RollbackAsync();
            var plan = new CommandText(command.CommandText, Catalog()).PlanFor(command.Parameters);
            Assert.Null(plan.WritesAnything);
            if (Assert.Single(plan.Writes).Key is not { } pins || PinnedValues.Keys(pins, command.Parameters) is not { } keys)
                continue;
            pinned++;
            var values = keys.Select(k => k[0]).ToHashSet(StringComparer.Ordinal);
            foreach (var row in rows)
                Assert.True(values.Contains(Convert.ToString(row[0], CultureInfo.InvariantCulture)!), Failure(seed, command, $"The row {row[0]} is not among {SqlAnalysisTests.Writes(plan)}."));
        }

        Assert.True(ran > Cases / 2, $"{ran} of {Cases} ran.");
        Assert.True(pinned > ran / 50, $"Of {ran} that ran {pinned} pinned a row.");
    }

    private TableCatalog Catalog() => new(Dialect, Model.Types, Tables.Select(name =>
    {
        var type = Model.Find(name)!;
        KeyColumn Column(string column) => new(SqlNames.Normal(Dialect, column, isQuoted: true), KeyKind.Integer);
        return (name, new MappedTable(null, false, [new EntityTable(type, [Column("Id")], null, [new ParentColumns(type.Parents[0], [Column("ImportId")])])]));
    }));

    private static Func<object?[], bool>? Allowed(TableRead read, DbParameterCollection parameters)
    {
        if ((read.Key ?? read.ParentKey) is not { } pins)
            return null;
        var column = read.Key is not null ? 0 : 1;
        // A value that is not what the column holds makes it the type.
        if (PinnedValues.Keys(pins, parameters) is not { } keys)
            return null;
        var values = keys.Select(k => k[0]).ToHashSet(StringComparer.Ordinal);
        return row => row[column] is { } value && values.Contains(Convert.ToString(value, CultureInfo.InvariantCulture)!);
    }

    private DbCommand Command(Random random, string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        for (var i = 0; i < 4; i++)
        {
            object flag = random.Next(4) switch { 0 => DBNull.Value, var other => other == 1 };
            object number = random.Next(5) switch { 0 => DBNull.Value, 1 => 1L, 2 => (short)1, var other => other - 3 };
            var anything = Anything[random.Next(Anything.Length)];
            if (command is NpgsqlCommand npgsql)
            {
                npgsql.Parameters.Add(new NpgsqlParameter($"b{i}", NpgsqlDbType.Boolean) { Value = flag });
                npgsql.Parameters.Add(random.Next(2) == 0 || number is DBNull or short ? new NpgsqlParameter($"i{i}", NpgsqlDbType.Integer) { Value = number } : new NpgsqlParameter($"i{i}", number));
                npgsql.Parameters.Add(new NpgsqlParameter($"x{i}", anything is ulong or DayOfWeek ? 1 : anything is DBNull ? "" : anything));
                continue;
            }

            var parameters = ((SqliteCommand)command).Parameters;
            foreach (var (name, value) in new[] { ($"@b{i}", flag), ($"@i{i}", number), ($"@x{i}", anything) })
            {
                var parameter = parameters.AddWithValue(name, value);
                // What it says it is does not matter to a value that the provider knows.
                if (random.Next(4) == 0)
                    parameter.SqliteType = (SqliteType)random.Next(1, 5);
                if (random.Next(8) == 0)
                    parameter.DbType = new[] { DbType.Boolean, DbType.Int32, DbType.String, DbType.Double }[random.Next(4)];
                if (random.Next(8) == 0)
                    parameter.Size = random.Next(2);
            }
        }

        return command;
    }

    /// <summary>The rows; null when the database does not take the text.</summary>
    private static async Task<List<object?[]>?> RowsAsync(DbCommand command)
    {
        try
        {
            var rows = new List<object?[]>();
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))]);
            return rows;
        }
        catch (DbException)
        {
            return null;
        }
    }

    private static string Failure(int seed, DbCommand command, string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"Seed {seed}: {what}\n{command.CommandText}\n{string.Join(", ", command.Parameters.Cast<DbParameter>().Select(p => $"{p.ParameterName} = {p.Value} ({p.Value?.GetType().Name})"))}");
}
