using System.Data.Common;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Sql;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>
/// Conditions of parameters and constants alone, beside others: where the values say that such a one cannot be true, the others hold.
/// </summary>
public sealed class GuardedTextTests
{
    /// <summary>@t is true, @f is false, @n is null, @x is a text, @one is 1; @i and @m are keys.</summary>
    private static DbCommand Command(SqlDialect dialect)
    {
        (string, object)[] values = [("@t", true), ("@f", false), ("@n", DBNull.Value), ("@x", "x"), ("@one", 1), ("@i", 3), ("@m", 7)];
        DbCommand command = dialect is SqlDialect.PostgreSql ? new NpgsqlCommand() : new SqliteCommand();
        foreach (var (name, value) in values)
        {
            command.Parameters.Add(dialect is SqlDialect.PostgreSql ? new NpgsqlParameter(name, value) : new SqliteParameter(name, value));
            if (value is bool)
                command.Parameters[name].DbType = System.Data.DbType.Boolean;
        }

        return command;
    }

    private static CommandPlan Plan(string sql, SqlDialect dialect) =>
        new CommandText(sql, SqlAnalysisTests.Catalog(dialect)).PlanFor(Command(dialect).Parameters);

    private static void Reads(string expected, string sql, params SqlDialect[] dialects)
    {
        foreach (var dialect in dialects)
            Assert.Equal(expected, SqlAnalysisTests.Reads(Plan(sql, dialect)));
    }

    [Theory]
    // The filter of a tenant as Entity Framework writes it.
    [InlineData("""@f OR m."ImportId" = @i""", "mapping/@import/@i")]
    [InlineData("""@t OR m."ImportId" = @i""", "mapping/**")]
    [InlineData("""@n OR m."ImportId" = @i""", "mapping/@import/@i")]
    [InlineData("""m."ImportId" = @i OR @f""", "mapping/@import/@i")]
    [InlineData("""(@f OR m."ImportId" = @i) AND m."Target" <> 'x'""", "mapping/@import/@i")]
    [InlineData("""(@f OR m."ImportId" = @i) AND (@t OR m."Target" = 'x')""", "mapping/@import/@i")]
    [InlineData("""(@t OR m."ImportId" = @i) AND (@f OR m."Id" = @m)""", "mapping/@m")]
    [InlineData("""(@t OR m."ImportId" = @i) AND m."Id" = @m""", "mapping/@m")]
    [InlineData("""((@f AND m."ImportId" = @i) OR @t)""", "mapping/**")]
    [InlineData("""((@t AND m."ImportId" = @i) OR @f)""", "mapping/@import/@i")]
    [InlineData("""@f OR (@t AND m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(NOT (@t) OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(NOT (@n) OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(NOT (@f) OR m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""@f OR m."ImportId" IN (3, @i)""", "mapping/@import/3|@i")]
    [InlineData("""CASE WHEN @f THEN TRUE ELSE m."ImportId" = @i END""", "mapping/@import/@i")]
    [InlineData("""CASE WHEN @t THEN TRUE ELSE m."ImportId" = @i END""", "mapping/**")]
    [InlineData("""CASE WHEN @t THEN m."ImportId" = @i ELSE TRUE END AND m."Target" <> 'x'""", "mapping/@import/@i")]
    [InlineData("""CASE WHEN @n THEN m."Id" = 8 WHEN @t THEN m."ImportId" = @i ELSE TRUE END""", "mapping/@import/@i")]
    [InlineData("""CASE WHEN @f THEN TRUE WHEN m."Target" = 'x' THEN m."ImportId" = @i ELSE FALSE END""", "mapping/@import/@i")]
    // As people write it.
    [InlineData("""(@x IS NULL OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(@n IS NULL OR m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""(@n IS NOT NULL OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(@one = 0 OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(@one <> 0 OR m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""(@t <> FALSE AND @f = TRUE OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(1 = 0 OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(0 = 0 OR m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""(FALSE OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(CAST(@f AS boolean) OR m."ImportId" = @i)""", "mapping/@import/@i")]
    [InlineData("""(@f OR (@n OR (@x IS NULL OR m."ImportId" = @i)))""", "mapping/@import/@i")]
    [InlineData("""((((@f)) OR ((m."ImportId" = @i))))""", "mapping/@import/@i")]
    // What is not known may be true.
    [InlineData("""@unknown OR m."ImportId" = @i""", "mapping/**")]
    [InlineData("""@x = 'é' OR m."ImportId" = @i""", "mapping/**")]
    [InlineData("""COALESCE(@f, TRUE) OR m."ImportId" = @i""", "mapping/**")]
    [InlineData("""@f OR m."ImportId" = @i OR m."Target" IS NULL""", "mapping/**")]
    [InlineData("""@f OR m."ImportId" = @i + 1""", "mapping/**")]
    [InlineData("""@f OR m."ImportId" = @i AND m."Id" = @m OR m."Id" = 9""", "mapping/**")]
    [InlineData("""NOT (@f OR m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""NOT (@f OR m."ImportId" <> @i)""", "mapping/**")]
    [InlineData("""(@f OR m."ImportId" = @i) IS NOT TRUE""", "mapping/**")]
    [InlineData("""(@f OR m."ImportId" = @i) = FALSE""", "mapping/**")]
    [InlineData("""@f = (m."ImportId" = @i)""", "mapping/**")]
    [InlineData("""@f OR m."ImportId" BETWEEN @i AND @f OR m."Id" = 1""", "mapping/**")]
    [InlineData("""CASE WHEN @f THEN TRUE ELSE m."ImportId" = @i END = FALSE""", "mapping/**")]
    [InlineData("""CASE @f WHEN FALSE THEN TRUE ELSE m."ImportId" = @i END""", "mapping/**")]
    [InlineData("""CASE WHEN m."Target" = 'x' THEN TRUE ELSE m."ImportId" = @i END""", "mapping/**")]
    [InlineData("""CASE WHEN @f THEN TRUE WHEN m."Target" = 'x' THEN TRUE ELSE m."ImportId" = @i END""", "mapping/**")]
    [InlineData("""CASE WHEN @f THEN m."ImportId" = @i END OR m."Target" = 'x'""", "mapping/**")]
    // Nothing is true: no row is read, and nothing is concluded.
    [InlineData("""(@f AND m."ImportId" = @i) OR @n""", "mapping/**")]
    public void GuardThatCannotBeTrue_LeavesTheOther(string condition, string expected) =>
        Reads(expected, $"""SELECT 1 FROM "Mappings" AS m WHERE {condition}""", SqlDialect.Sqlite, SqlDialect.PostgreSql);

    [Theory]
    // Everywhere that a condition may stand.
    [InlineData("""SELECT 1 FROM "Imports" i JOIN "Mappings" m ON m."ImportId" = i."Id" AND (@f OR m."Id" = @m) WHERE @f OR i."Id" = @i""", "import/@i mapping/@m")]
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN (SELECT m."Id", m."ImportId" FROM "Mappings" m WHERE @f OR m."Id" = @m) AS m0 ON m0."ImportId" = i."Id" WHERE @t OR i."Id" = @i""", "import/** mapping/@m")]
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON @f OR m."ImportId" = i."Id" WHERE @f OR i."Id" = @i""", "import/@i mapping/@import/@i")]
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON @f OR i."Id" = @i""", "import/** mapping/**")]
    [InlineData("""SELECT 1 FROM "Imports" i RIGHT JOIN "Mappings" m ON @f OR m."ImportId" = @i""", "import/** mapping/**")]
    [InlineData("""SELECT 1 FROM (SELECT i."Id" FROM "Imports" i WHERE @f OR i."Id" = @i LIMIT 1) AS i0 JOIN "Mappings" m ON m."ImportId" = i0."Id" """, "import/@i mapping/@import/@i")]
    [InlineData("""SELECT 1 FROM (SELECT i."Id" FROM "Imports" i LIMIT 1) AS i0 WHERE @f OR i0."Id" = @i""", "import/**")]
    [InlineData("""SELECT EXISTS (SELECT 1 FROM "Mappings" m WHERE (@f OR m."ImportId" = @i) AND m."Target" = 'x')""", "mapping/@import/@i")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE (@f OR i."Id" = @i) AND EXISTS (SELECT 1 FROM "Mappings" m WHERE m."ImportId" = i."Id")""", "import/@i mapping/@import/@i")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE (@t OR i."Id" = @i) AND EXISTS (SELECT 1 FROM "Mappings" m WHERE m."ImportId" = i."Id")""", "import/** mapping/**")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE (@t AND EXISTS (SELECT 1 FROM "Mappings" m WHERE m."ImportId" = i."Id")) OR i."Id" = @i""", "import/** mapping/**")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE (@f AND EXISTS (SELECT 1 FROM "Mappings" m WHERE m."Id" = 9)) OR i."Id" = @i""", "import/@i mapping/9")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE @f OR i."Id" IN (SELECT m."ImportId" FROM "Mappings" m WHERE @f OR m."Id" = @m)""", "import/** mapping/@m")]
    [InlineData("""SELECT (SELECT COUNT(*) FROM "Mappings" m WHERE @f OR m."ImportId" = i."Id") FROM "Imports" i WHERE @f OR i."Id" = @i""", "import/@i mapping/@import/@i")]
    [InlineData("""SELECT 1 FROM "Imports" i WHERE @f OR i."Id" = @i UNION ALL SELECT 1 FROM "Imports" i WHERE @t OR i."Id" = @i""", "import/**")]
    [InlineData("""SELECT 1 FROM "Imports" i GROUP BY i."Id" HAVING @f OR i."Id" = @i""", "import/**")]
    public void GuardAnywhere_LeavesTheOther(string sql, string expected) => Reads(expected, sql, SqlDialect.Sqlite, SqlDialect.PostgreSql);

    [Theory]
    [InlineData("""UPDATE "Mappings" AS m SET "Target" = 'x' WHERE @f OR m."Id" = @m""", "Update mapping/@m")]
    [InlineData("""UPDATE "Mappings" AS m SET "Target" = 'x' WHERE @t OR m."Id" = @m""", "Update mapping/?")]
    [InlineData("""UPDATE "Mappings" AS m SET "Target" = 'x' WHERE @unknown OR m."Id" = @m""", "Update mapping/?")]
    [InlineData("""DELETE FROM "Mappings" AS m WHERE (@f OR m."Id" = @m) AND m."Target" = 'x'""", "Delete mapping/@m")]
    [InlineData("""DELETE FROM "Mappings" AS m WHERE (@t OR m."Id" = @m) AND m."Target" = 'x'""", "Delete mapping/?")]
    [InlineData("""DELETE FROM "Mappings" AS m WHERE m."Id" IN (SELECT n."Id" FROM "Mappings" AS n WHERE @f OR n."Id" = @m LIMIT 1)""", "Delete mapping/?")]
    [InlineData("""UPDATE "Mappings" SET "Target" = 'x' WHERE @f OR "Id" = @m; DELETE FROM "Imports" WHERE @t OR "Id" = 1""", "Delete import/? Update mapping/@m")]
    public void GuardInAWrite_LeavesTheOther(string sql, string expected)
    {
        Assert.Equal(expected, SqlAnalysisTests.Writes(Plan(sql, SqlDialect.Sqlite)));
        Assert.Equal(expected, SqlAnalysisTests.Writes(Plan(sql, SqlDialect.PostgreSql)));
    }

    [Theory]
    [InlineData("@f = CAST(1 AS bit) OR [m].[ImportId] = @i", "mapping/@import/@i")]
    [InlineData("@t = CAST(1 AS bit) OR [m].[ImportId] = @i", "mapping/**")]
    [InlineData("@t = CAST(0 AS bit) OR [m].[ImportId] = @i", "mapping/@import/@i")]
    [InlineData("(@t = CAST(1 AS bit) AND [m].[ImportId] = @i) OR @f = CAST(1 AS bit)", "mapping/@import/@i")]
    [InlineData("CASE WHEN @f = CAST(1 AS bit) THEN CAST(1 AS bit) WHEN [m].[ImportId] = @i THEN CAST(1 AS bit) ELSE CAST(0 AS bit) END = CAST(1 AS bit)", "mapping/@import/@i")]
    [InlineData("CASE WHEN @t = CAST(1 AS bit) THEN CAST(1 AS bit) WHEN [m].[ImportId] = @i THEN CAST(1 AS bit) ELSE CAST(0 AS bit) END = CAST(1 AS bit)", "mapping/**")]
    [InlineData("CASE WHEN @f = CAST(1 AS bit) THEN CAST(1 AS bit) WHEN [m].[ImportId] = @i THEN CAST(1 AS bit) ELSE CAST(0 AS bit) END = CAST(0 AS bit)", "mapping/**")]
    [InlineData("CASE WHEN @t = CAST(1 AS bit) THEN CASE WHEN [m].[ImportId] = @i THEN CAST(1 AS bit) ELSE CAST(0 AS bit) END ELSE CAST(1 AS bit) END = CAST(1 AS bit)", "mapping/@import/@i")]
    [InlineData("CASE WHEN @f = CAST(1 AS bit) THEN CASE WHEN [m].[ImportId] = @i THEN CAST(1 AS bit) ELSE CAST(0 AS bit) END ELSE CAST(1 AS bit) END = CAST(1 AS bit)", "mapping/**")]
    // SET ANSI_NULLS OFF.
    [InlineData("@n <> 1 OR [m].[ImportId] = @i", "mapping/**")]
    public void SqlServer_IsJudgedWhereItsTextIsPlain(string condition, string expected) =>
        Reads(expected, $"SELECT 1 FROM [Mappings] AS [m] WHERE {condition}", SqlDialect.SqlServer);

    [Fact]
    public void ParameterThatTheTextAssigns_IsNotJudged() =>
        Reads("mapping/**", "SET @f = 1; SELECT 1 FROM Mappings m WHERE @f = CAST(1 AS bit) OR m.ImportId = @i", SqlDialect.SqlServer, SqlDialect.Other);

    [Theory]
    // Names of columns behind a point are no words of the language.
    [InlineData("""m."Id" = @m AND m.case = 1 OR m.end = 2""", "mapping/**")]
    [InlineData("""CASE WHEN m.end = 1 AND m."Id" = @m AND 1 = 1 THEN TRUE ELSE TRUE END""", "mapping/**")]
    [InlineData("""CASE WHEN end = 1 AND "Id" = @m AND 1 = 1 THEN TRUE ELSE TRUE END""", "mapping/**")]
    [InlineData("""m."Id" = @m AND m.end = 2""", "mapping/@m")]
    public void NameThatLooksLikeAWord_IsNone(string condition, string expected) =>
        Reads(expected, $"""SELECT 1 FROM "Mappings" AS m WHERE {condition}""", SqlDialect.Sqlite, SqlDialect.PostgreSql);

    [Fact]
    public void EqualGuards_AreOne_AndMoreThanTheBoundStayUnclear()
    {
        var text = """SELECT 1 FROM "Mappings" AS m WHERE """
            + string.Join(" AND ", Enumerable.Range(0, 100).Select(i => $"""(@f OR @g{i % 40} OR m."ImportId" = @i)"""));
        Assert.Equal(GuardOutcomes.MaxGuards, Plan(text, SqlDialect.Sqlite).Guards.Count);
        Assert.Single(Plan("""SELECT 1 FROM "Mappings" AS m WHERE (@f OR m."Id" = 1) AND (m."ImportId" = 2 OR (@f))""", SqlDialect.Sqlite).Guards);
    }

    [Fact]
    public void GuardThatIsTooLong_IsNotJudged()
    {
        static string Text(int count) => $"""SELECT 1 FROM "Mappings" AS m WHERE ({string.Join(" OR ", Enumerable.Repeat("@f", count))}) OR m."ImportId" = @i""";
        Reads("mapping/@import/@i", Text(20), SqlDialect.Sqlite);
        Reads("mapping/**", Text(20_000), SqlDialect.Sqlite);
        Reads("mapping/@import/@i", $"""SELECT 1 FROM "Mappings" AS m WHERE {string.Concat(Enumerable.Repeat("NOT ", 20_000))} @f OR m."ImportId" = @i""", SqlDialect.Sqlite);
    }

    [Fact]
    public void TextWithoutGuards_IsPlannedWithoutLookingAtItsValues()
    {
        var text = new CommandText("""SELECT 1 FROM "Mappings" AS m WHERE m."Id" = @m OR m."Id" = 3""", SqlAnalysisTests.Catalog(SqlDialect.Sqlite));
        var parameters = Command(SqlDialect.Sqlite).Parameters;
        var plan = text.PlanFor(parameters);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Assert.Same(plan, text.PlanFor(parameters));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void MoreAlternativesThanTheBound_AreReadWidely()
    {
        var text = new CommandText(
            "SELECT 1 FROM \"Mappings\" AS m WHERE m.\"Id\" = 1 AND " + string.Join(" AND ", Enumerable.Range(0, 8).Select(i => $"""(@p{i} OR m."ImportId" = @i)""")),
            SqlAnalysisTests.Catalog(SqlDialect.Sqlite));
        var plans = new HashSet<CommandPlan>();
        for (var bits = 0; bits < 256; bits++)
        {
            var parameters = Command(SqlDialect.Sqlite).Parameters;
            for (var i = 0; i < 8; i++)
                parameters.Add(new SqliteParameter($"@p{i}", (bits >> i & 1) == 1));
            var plan = text.PlanFor(parameters);
            plans.Add(plan);
            Assert.Equal("mapping/1", SqlAnalysisTests.Reads(plan));
            Assert.Same(plan, text.PlanFor(parameters));
        }

        Assert.Equal(CommandText.MaxAlternatives + 1, plans.Count);
        Assert.Contains(text.Plan, plans);
    }
}
