using System.Globalization;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>The analysis ends for every text, in steps that the length of the text bounds, whatever is nested in what.</summary>
public sealed class BoundedAnalysisTests
{
    private static string Many(int count, Func<int, string> part, string between = "") => string.Join(between, Enumerable.Range(0, count).Select(part));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Nested(int depth, string open, string inner, string close) =>
        string.Concat(Enumerable.Repeat(open, depth)) + inner + string.Concat(Enumerable.Repeat(close, depth));

    private static string Limits(int depth)
    {
        var sql = """SELECT m."Id", m."ImportId" FROM "Mappings" m WHERE m."ImportId" = 3""";
        for (var i = 0; i < depth; i++)
            sql = Invariant($"""SELECT t{i}."Id", t{i}."ImportId" FROM ({sql} LIMIT 5) AS t{i} JOIN "Imports" AS i{i} ON i{i}."Id" = t{i}."ImportId" """);
        return sql;
    }

    /// <summary>The plan in each dialect, the same way each time; what it takes is bounded.</summary>
    private static CommandPlan Plan(string sql, SqlDialect dialect = SqlDialect.PostgreSql)
    {
        var budget = SqlBudget.For(sql);
        var plan = CommandAnalysis.Analyse(sql, SqlAnalysisTests.Catalog(dialect), default, budget);
        Assert.True(budget.Spent < budget.Limit, string.Create(CultureInfo.InvariantCulture, $"{budget.Spent} steps for {sql.Length} characters."));
        return plan;
    }

    [Theory]
    [InlineData(200)]
    [InlineData(20_000)]
    public void ParenthesesThatAreTooDeep_AreNotUnderstood(int depth)
    {
        foreach (var dialect in Enum.GetValues<SqlDialect>())
        {
            Assert.Equal("**", SqlAnalysisTests.Reads(Nested(depth, "SELECT 1 WHERE (", "1", ")"), dialect));
            Assert.Equal("**", SqlAnalysisTests.Reads("""SELECT 1 FROM "Imports" WHERE """ + Nested(depth, "(", "1 = 1", ")"), dialect));
            Assert.Equal("**", SqlAnalysisTests.Reads("SELECT " + Nested(depth, "ABS(", "1", ")"), dialect));
            Assert.Equal("**", SqlAnalysisTests.Reads("SELECT 1 FROM " + Nested(depth, "(", "\"Imports\"", ")"), dialect));
            Assert.Equal("**", SqlAnalysisTests.Reads(Nested(depth, "SELECT 1 FROM (", "SELECT 1", ") AS x"), dialect));
            Assert.Equal("**", SqlAnalysisTests.Reads(Nested(depth, "WITH x AS (", "SELECT 1", ") SELECT 1"), dialect));

            // What could write may have written anything, and ended a transaction.
            var written = SqlAnalysisTests.Plan("""DELETE FROM "Imports" WHERE """ + Nested(depth, "(", "1 = 1", ")"), dialect);
            Assert.NotNull(written.WritesAnything);
            Assert.True(written.Transaction.IsUnclear);
            // What could not has not.
            Assert.False(SqlAnalysisTests.Plan(Nested(depth, "SELECT 1 WHERE (", "1", ")"), dialect).Modifies);
        }
    }

    [Fact]
    public void ParenthesesAsDeepAsPeopleWriteThem_AreUnderstood()
    {
        Assert.Equal("import/1", SqlAnalysisTests.Reads("""SELECT 1 FROM "Imports" WHERE """ + Nested(100, "(", "\"Id\" = 1", ")")));
        Assert.Equal("import/1", SqlAnalysisTests.Reads("SELECT " + Nested(100, "CASE WHEN 1 = (", "1", ") THEN 1 ELSE 2 END") + """ FROM "Imports" WHERE "Id" = 1"""));
    }

    [Fact]
    public void StatementsThatNestWithoutParentheses_AreBounded()
    {
        var sql = Many(20_000, i => Invariant($"""WITH x{i} AS (SELECT 1) INSERT INTO "Imports" ("Id") """)) + "SELECT 1";
        Assert.NotNull(SqlAnalysisTests.Plan(sql, SqlDialect.PostgreSql).WritesAnything);
        Assert.NotNull(SqlAnalysisTests.Plan(Many(20_000, _ => "WITH x AS (SELECT 1) ") + "DELETE", SqlDialect.PostgreSql).WritesAnything);
    }

    [Fact]
    public void DerivedTablesWithALimitInEachOther_AreSolvedOnce()
    {
        Assert.NotEmpty(Plan(Limits(10)).Reads);
        Assert.NotEmpty(Plan(Limits(100)).Reads);
        Assert.Contains("mapping/@import/3", SqlAnalysisTests.Reads(Limits(10), SqlDialect.PostgreSql), StringComparison.Ordinal);
    }

    [Theory]
    // A derived table in whose own condition one of its columns is named, by way of another.
    [InlineData("""SELECT 1 FROM "Imports" i JOIN LATERAL (SELECT m0."Id", x."Id" AS "Other" FROM (SELECT m."Id" FROM "Mappings" m WHERE m."ImportId" = i."Id" LIMIT 2) AS m0 JOIN "Imports" x ON x."Id" = m0."Id") AS s ON s."Id" = i."Id" WHERE i."Id" = 1""")]
    [InlineData("""SELECT 1 FROM (SELECT b."Id" FROM "Imports" i WHERE i."Id" = b."Id" LIMIT 1) AS a, (SELECT a."Id" FROM "Imports" j WHERE j."Id" = a."Id" LIMIT 1) AS b WHERE a."Id" = b."Id" """)]
    [InlineData("""SELECT 1 FROM (SELECT b."Id" FROM "Imports" i) AS a, (SELECT a."Id" FROM "Imports" j) AS b WHERE a."Id" = 1""")]
    [InlineData("""SELECT 1 FROM (SELECT a."Id" FROM "Imports" i) AS a WHERE a."Id" = 1""")]
    [InlineData("""SELECT 1 FROM (SELECT a."Id" FROM "Imports" i WHERE i."Id" = a."Id" LIMIT 1) AS a WHERE a."Id" = i."Id" """)]
    public void AliasesThatNameEachOther_EndAndConcludeNoMoreThanHolds(string sql)
    {
        foreach (var dialect in Enum.GetValues<SqlDialect>())
            Assert.DoesNotContain("import/2", SqlAnalysisTests.Reads(sql, dialect), StringComparison.Ordinal);
        Assert.Contains("import/", SqlAnalysisTests.Reads(sql, SqlDialect.PostgreSql), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> LongTexts() => new()
    {
        { "IN", $"""SELECT 1 FROM "Mappings" m WHERE m."Id" IN ({Many(20_000, i => Invariant($"@p{i}"), ", ")})""" },
        { "IN of an INSERT", $"""INSERT INTO "Mappings" ("Id", "ImportId") VALUES {Many(5_000, i => Invariant($"(@p{i}, @q{i})"), ", ")}""" },
        { "OR", $"""SELECT 1 FROM "Mappings" m WHERE {Many(20_000, i => Invariant($"m.\"Id\" = {i}"), " OR ")}""" },
        { "AND", $"""SELECT 1 FROM "Mappings" m WHERE {Many(20_000, i => Invariant($"m.\"Id\" <> {i}"), " AND ")} AND m."Id" = 7""" },
        { "BETWEEN", $"""SELECT 1 FROM "Mappings" m WHERE {Many(20_000, i => Invariant($"m.\"Id\" BETWEEN {i} AND @p"), " AND ")}""" },
        { "UNION", Many(5_000, i => Invariant($"""SELECT m{i}."Id" FROM "Mappings" m{i} WHERE m{i}."ImportId" = {i}"""), " UNION ALL ") },
        { "WITH", $"WITH {Many(5_000, i => Invariant($"""c{i} AS (SELECT m{i}."Id" FROM "Mappings" m{i} WHERE m{i}."Id" = {i} LIMIT 1)"""), ", ")} SELECT 1 FROM c7" },
        { "JOIN", """SELECT 1 FROM "Imports" i """ + Many(500, i => Invariant($"""JOIN "Mappings" m{i} ON m{i}."ImportId" = i."Id" """)) + "WHERE i.\"Id\" = 1" },
        { "LEFT JOIN", """SELECT 1 FROM "Imports" i """ + Many(500, i => Invariant($"""LEFT JOIN "Mappings" m{i} ON m{i}."ImportId" = i."Id" """)) + "WHERE i.\"Id\" = 1" },
        { "CASE", $"SELECT CASE {Many(10_000, i => Invariant($"WHEN m.\"Id\" = {i} THEN {i}"), " ")} END FROM \"Mappings\" m" },
        { "CASE in CASE", $"SELECT {Nested(5_000, "CASE WHEN 1 = 1 THEN ", "1", " END")} FROM \"Mappings\" m WHERE m.\"Id\" = 1" },
        { "subqueries", $"""SELECT {Many(2_000, i => Invariant($"(SELECT COUNT(*) FROM \"Mappings\" m{i} WHERE m{i}.\"ImportId\" = i.\"Id\")"), ", ")} FROM "Imports" i WHERE i."Id" = 1""" },
        { "statements", Many(5_000, i => Invariant($"""UPDATE "Imports" SET "Name" = @p{i} WHERE "Id" = {i}"""), ";\n") },
        { "savepoints", Many(5_000, i => Invariant($"SAVEPOINT s{i}"), ";") },
        { "string", $"""SELECT '{new string('x', 1_000_000)}' FROM "Imports" WHERE "Id" = 1""" },
        { "minuses", "SELECT 1 " + new string('-', 100_000) },
        { "points", """SELECT 1 FROM "Imports" i WHERE i""" + Many(20_000, _ => ".x") },
    };

    [Theory]
    [MemberData(nameof(LongTexts))]
    public void LongTexts_TakeStepsInProportion(string kind, string sql)
    {
        foreach (var dialect in Enum.GetValues<SqlDialect>())
            Assert.True(Plan(sql, dialect) is not null, kind);
    }

    [Fact]
    public void EqualitiesInTheWorstOrder_EndWithTheBudget()
    {
        // Each round concludes one more: the last equality gives the first its value.
        var sql = """SELECT 1 FROM "Imports" a WHERE """ + Many(3_000, i => Invariant($"a.c{i} = a.c{i + 1}"), " AND ") + " AND a.c3000 = 1";
        var budget = SqlBudget.For(sql);
        var plan = CommandAnalysis.Analyse(sql, SqlAnalysisTests.Catalog(SqlDialect.PostgreSql), default, budget);
        Assert.Equal("the text is too complex", plan.ReadsAnything);
        Assert.False(plan.Modifies);
        Assert.True(budget.Spent <= budget.Limit + sql.Length);
    }
}
