using System.Globalization;
using System.Text;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>
/// The analysis of random texts: soups of tokens, and real commands that were spoilt. <c>FRESHET_FUZZ_CASES</c> says how many (100,000
/// unless told); each is its seed. Time is measured in steps and in bytes allocated, which no other program disturbs.
/// </summary>
public sealed class FuzzTests
{
    private const int Cases = 100_000;
    private const int BytesPerCharacter = 2_000;

    private static readonly SqlDialect[] Dialects = Enum.GetValues<SqlDialect>();

    private static readonly string[] Soup =
    [
        "SELECT", "FROM", "WHERE", "\"Mappings\"", "Imports", "m", "i", "AS", "(", ")", "(SELECT", "AS m", ",", ".", "=", "@p", "$1", "?", ":x", "AND", "OR", "LEFT JOIN",
        "JOIN", "ON", "IN", "UNION ALL", "WITH", "LATERAL", "CROSS APPLY", "m.\"Id\"", "m.\"ImportId\" = i.\"Id\"", "UPDATE", "SET", "DELETE", "INSERT INTO", "VALUES", ";",
        "'x'", "1", "-1", "*", "CASE WHEN", "THEN", "END", "BETWEEN", "GROUP BY", "ORDER BY", "LIMIT", "RETURNING", "OUTPUT", "INTO", "USING", "EXISTS", "NOT", "ROLLBACK",
        "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "TO", "-", "--", "/*", "*/", "\n", "'", "\"", "[", "]", "`", "$$", "E'", "#", "\\", "\0", "é", "\ud83d", "IS NULL", "ANY",
        "REPLACE", "MERGE", "EXEC", "TRUE", "NULL", "||", "::int", "COUNT(*)", "f(", "TOP(1)", "DISTINCT", "FOR UPDATE", "WITH ORDINALITY", "AND CHAIN", "1e", "0x1F",
    ];

    private static int CaseCount =>
        int.TryParse(Environment.GetEnvironmentVariable("FRESHET_FUZZ_CASES"), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : Cases;

    [Fact]
    public void AnyText_IsAnalysedWithoutAnErrorInStepsThatItsLengthBounds()
    {
        var (understood, writing) = (0, 0);
        for (var seed = 0; seed < CaseCount; seed++)
        {
            var random = new Random(seed);
            var dialect = Dialects[random.Next(Dialects.Length)];
            var text = random.Next(3) == 0 ? TokenSoup(random) : Spoilt(random);
            try
            {
                var plan = Analyse(text, dialect);
                understood += plan.ReadsAnything is null ? 1 : 0;
                writing += plan.Modifies ? 1 : 0;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Case {seed}, {dialect}: {e.Message}\n{text}"), e);
            }
        }

        // A generator that makes only one kind of text proves nothing.
        Assert.InRange(understood, CaseCount / 20, CaseCount - (CaseCount / 20));
        Assert.InRange(writing, CaseCount / 20, CaseCount - (CaseCount / 20));
    }

    private static CommandPlan Analyse(string text, SqlDialect dialect)
    {
        var budget = SqlBudget.For(text);
        var catalog = SqlAnalysisTests.Catalog(dialect);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var plan = CommandAnalysis.Analyse(text, catalog, default, budget);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(budget.Spent < budget.Limit, string.Create(CultureInfo.InvariantCulture, $"{budget.Spent} steps for {text.Length} characters."));
        Assert.True(allocated < 50_000 + (text.Length * BytesPerCharacter), string.Create(CultureInfo.InvariantCulture, $"{allocated} bytes for {text.Length} characters."));
        if (SqlReadOnly.CannotWrite(text, dialect))
            Assert.False(plan.Modifies || plan.Transaction.Steps.Count > 0 || SqlParser.Parse(text, dialect, SqlBudget.For(text)).Writes.Count > 0, "A text that cannot write does.");
        return plan;
    }

    private static string TokenSoup(Random random) =>
        string.Join(random.Next(8) == 0 ? "" : " ", Enumerable.Range(0, random.Next(1, 60)).Select(_ => Soup[random.Next(Soup.Length)]));

    private static string Spoilt(Random random)
    {
        var text = new StringBuilder(Real(random));
        for (var changes = random.Next(5); changes > 0; changes--)
        {
            var from = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 40), text.Length - from);
            var part = text.ToString(from, length);
            _ = random.Next(6) switch
            {
                0 => text.Remove(from, length).Append(' '),
                1 => text.Insert(from, string.Concat(Enumerable.Repeat(part, random.Next(1, 30)))),
                2 => text.Insert(from, " " + Soup[random.Next(Soup.Length)] + " "),
                3 => text.Insert(from, "(" + Real(random) + ")"),
                4 => text.Append(random.Next(2) == 0 ? ";" : " UNION ").Append(Real(random)),
                _ => text.Remove(from, 1).Insert(from, (char)random.Next(1, 256)),
            };
        }

        return text.ToString();
    }

    private static string Real(Random random) => RealTexts.All[random.Next(RealTexts.All.Length)];
}
