using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>What is concluded from the text of a command: as much as can be proven, and nothing that cannot.</summary>
public class SqlAnalysisTests
{
    private static readonly EntityModel Model = Build();

    private sealed record Import(int Id, int ClientId);

    private sealed record Mapping(int Id, int ImportId, int? ReviewerId);

    private sealed record Country(string Code);

    private sealed record Report(int Id);

    private static EntityModel Build()
    {
        var builder = new EntityModelBuilder();
        builder.Entity("client");
        builder.Entity<Import>("import").Key(i => i.Id);
        builder.Entity<Mapping>("mapping").Key(m => m.Id).Parent<Import>(m => m.ImportId);
        builder.Entity<Country>("country").Key(c => c.Code);
        builder.Entity<Report>("report").Key(r => r.Id);
        return builder.Build();
    }

    internal static TableCatalog Catalog(SqlDialect dialect)
    {
        KeyColumn Column(string name, KeyKind kind) => new(SqlNames.Normal(dialect, name, isQuoted: true), kind);
        var mapping = Model.Find("mapping")!;
        EntityTable imports = new(Model.Find("import")!, [Column("Id", KeyKind.Integer)], null, []);
        EntityTable mappings = new(
            mapping,
            [Column("Id", KeyKind.Integer)],
            null,
            [new ParentColumns(mapping.Parents[0], [Column("ImportId", KeyKind.Integer)])]);
        EntityTable countries = new(Model.Find("country")!, [Column("Code", KeyKind.Text)], null, []);
        EntityTable reports = new(Model.Find("report")!, [Column("Id", KeyKind.Integer)], null, []);
        return new TableCatalog(
            dialect,
            Model.Types,
            [
                ("Imports", new MappedTable(null, false, [imports])),
                ("Mappings", new MappedTable(null, false, [mappings])),
                ("Countries", new MappedTable("geo", false, [countries])),
                ("Reports", new MappedTable(null, true, [reports])),
            ]);
    }

    internal static CommandPlan Plan(string sql, SqlDialect dialect) => CommandAnalysis.Analyse(sql, Catalog(dialect));

    /// <summary>The reads, sorted: mapping/@p for a row, mapping/@import/@p for a collection, ** for everything.</summary>
    internal static string Reads(string sql, SqlDialect dialect = SqlDialect.Sqlite) => Reads(Plan(sql, dialect));

    internal static string Reads(CommandPlan plan)
    {
        if (plan.ReadsAnything is not null)
            return "**";
        return string.Join(' ', plan.Reads.Select(r => r switch
        {
            { Key: { } key } => $"{r.Table.Entity.Name}/{Text(key)}",
            { ParentKey: { } key } => $"{r.Table.Entity.Name}/@{r.Parent!.Parent.Name}/{Text(key)}",
            _ => $"{r.Table.Entity.Name}/**",
        }).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    /// <summary>The writes, sorted: Update mapping/7 for a row, mapping/? for some rows, ** for everything.</summary>
    internal static string Writes(string sql, SqlDialect dialect = SqlDialect.Sqlite) => Writes(Plan(sql, dialect));

    internal static string Writes(CommandPlan plan)
    {
        return plan.WritesAnything is not null
            ? "**"
            : string.Join(' ', plan.Writes
                .Select(w => $"{w.Kind} {w.Table.Entity.Name}/{(w.Key is null ? "?" : Text(w.Key))}")
                .Order(StringComparer.Ordinal));
    }

    private static string Text(IReadOnlyList<Pin> pins) =>
        string.Join(',', pins.Select(p => string.Join('|', p.Values.Select(v => (v.IsNegative ? "-" : "") + v.Token.Text))));

    [Theory]
    [InlineData("""SELECT * FROM "Mappings" AS "m" WHERE "m"."Id" = @p""", "mapping/@p")]
    [InlineData("""SELECT * FROM "Mappings" AS "m" WHERE @p = "m"."Id" AND "m"."Target" <> 'x' LIMIT 1""", "mapping/@p")]
    [InlineData("""SELECT * FROM Mappings WHERE id = 7""", "mapping/7")]
    [InlineData("""SELECT * FROM Mappings m WHERE m.Id = -7""", "mapping/-7")]
    [InlineData("""SELECT * FROM [Mappings] AS [m] WHERE [m].[Id] IN (1, @a, 3)""", "mapping/1|@a|3")]
    [InlineData("""SELECT * FROM `Mappings` WHERE (`ImportId` = @p) AND (1 = 1)""", "mapping/@import/@p")]
    [InlineData("""SELECT COUNT(*) FROM "Mappings" AS "m" WHERE "m"."ImportId" = @p""", "mapping/@import/@p")]
    [InlineData("""SELECT EXISTS (SELECT 1 FROM "Mappings" AS "m" WHERE "m"."Id" = @p)""", "mapping/@p")]
    [InlineData("""-- by key""" + "\n" + """SELECT /* "Imports" */ 'Imports' FROM "Mappings" WHERE "Id" = @p;""", "mapping/@p")]
    public void EqualityOnAKey_Refines(string sql, string expected) => Assert.Equal(expected, Reads(sql));

    [Theory]
    // Transitive equality through joins.
    [InlineData("""SELECT 1 FROM "Imports" AS i INNER JOIN "Mappings" AS m ON i."Id" = m."ImportId" WHERE i."Id" = @p""", "import/@p mapping/@import/@p")]
    [InlineData("""SELECT 1 FROM "Imports" AS i LEFT JOIN "Mappings" AS m ON i."Id" = m."ImportId" WHERE i."Id" = @p""", "import/@p mapping/@import/@p")]
    [InlineData("""SELECT 1 FROM "Imports" i, "Mappings" m WHERE m."ImportId" = i."Id" AND m."ImportId" = @p""", "import/@p mapping/@import/@p")]
    // A condition in ON says nothing about the left side of a LEFT JOIN …
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON i."Id" = m."ImportId" AND i."Id" = @p""", "import/** mapping/@import/@p")]
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON i."Id" = m."ImportId" AND m."ImportId" = @p""", "import/** mapping/@import/@p")]
    // … nor about another table that is joined beside it …
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON m."Id" = 1 AND i."Id" = @p LEFT JOIN "Mappings" n ON n."ImportId" = i."Id" """, "import/** mapping/** mapping/1")]
    // … unless that one joins to it.
    [InlineData("""SELECT 1 FROM "Imports" i LEFT JOIN "Mappings" m ON m."ImportId" = 3 LEFT JOIN "Mappings" n ON n."ImportId" = m."ImportId" """, "import/** mapping/@import/3")]
    [InlineData("""SELECT 1 FROM "Imports" i RIGHT JOIN "Mappings" m ON m."ImportId" = i."Id" AND m."ImportId" = 3""", "import/** mapping/**")]
    [InlineData("""SELECT 1 FROM "Imports" i FULL JOIN "Mappings" m ON m."ImportId" = i."Id" WHERE m."ImportId" = 3""", "import/** mapping/@import/3")]
    // The shapes of Entity Framework: a filter in a derived table, and a limit in one.
    [InlineData(
        """SELECT 1 FROM "Imports" AS i LEFT JOIN (SELECT m."Id", m."ImportId" FROM "Mappings" AS m WHERE m."Target" = 'x') AS m0 ON i."Id" = m0."ImportId" WHERE i."Id" = @p""",
        "import/@p mapping/@import/@p")]
    [InlineData(
        """SELECT 1 FROM (SELECT i."Id" FROM "Imports" AS i WHERE i."Id" = @p LIMIT 1) AS i0 LEFT JOIN "Mappings" AS m ON i0."Id" = m."ImportId" """,
        "import/@p mapping/@import/@p")]
    // A filter around a limit is not a filter inside it.
    [InlineData("""SELECT 1 FROM (SELECT i."Id" FROM "Imports" AS i ORDER BY i."Name" LIMIT 1) AS i0 WHERE i0."Id" = @p""", "import/**")]
    [InlineData("""SELECT 1 FROM (SELECT DISTINCT i."Id" FROM "Imports" AS i) AS i0 WHERE i0."Id" = @p""", "import/**")]
    [InlineData("""SELECT 1 FROM (SELECT MAX(i."Id") AS "Id" FROM "Imports" AS i) AS i0 WHERE i0."Id" = @p""", "import/**")]
    [InlineData("""SELECT 1 FROM (SELECT i."Id" FROM "Imports" AS i UNION SELECT m."Id" FROM "Mappings" AS m) AS u WHERE u."Id" = @p""", "import/** mapping/**")]
    // Queries inside expressions see what holds around them.
    [InlineData(
        """SELECT (SELECT COUNT(*) FROM "Mappings" AS m WHERE m."ImportId" = i."Id") FROM "Imports" AS i WHERE i."Id" = @p""",
        "import/@p mapping/@import/@p")]
    [InlineData(
        """SELECT 1 FROM "Imports" AS i WHERE EXISTS (SELECT 1 FROM "Mappings" AS m WHERE m."ImportId" = i."Id" AND m."ImportId" = 3)""",
        "import/** mapping/@import/3")]
    [InlineData("""SELECT 1 FROM "Imports" WHERE "Id" = 1 UNION ALL SELECT 1 FROM "Mappings" WHERE "Id" = 2""", "import/1 mapping/2")]
    [InlineData("""WITH x AS (SELECT * FROM "Mappings" WHERE "ImportId" = 3) SELECT * FROM x""", "mapping/@import/3")]
    public void Joins_RefineOnlyWhatHoldsForTheRow(string sql, string expected) => Assert.Equal(expected, Reads(sql));

    [Theory]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = @p OR "Target" = 'x'""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = @p AND "Target" = 'x' OR 1 = 1""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE NOT "Id" = @p""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" >= @p""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = @p + 1""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE 1 BETWEEN 0 AND "Id" = @p""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE CASE WHEN 1 = 1 AND "Id" = @p THEN 1 ELSE 1 END = 1""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = @p COLLATE NOCASE""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" IN (SELECT 1)""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = ?""")]
    [InlineData("""SELECT 1 FROM "Mappings" HAVING "Id" = @p""")]
    [InlineData("""SELECT 1 FROM "Mappings" a, "Mappings" a WHERE a."Id" = @p""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" IS NOT DISTINCT FROM @p""")]
    public void WhatDoesNotHoldForSure_DoesNotRefine(string sql) => Assert.Equal("mapping/**", Reads(sql));

    [Theory]
    // The column between may compare by another collation, so that 'SK' is equal to it as well …
    [InlineData("""SELECT 1 FROM "Imports" i JOIN geo."Countries" c ON i."Name" = c."Code" WHERE i."Name" = 'sk'""", "country/** import/**")]
    [InlineData("""SELECT 1 FROM geo."Countries" c WHERE EXISTS (SELECT 1 FROM "Imports" i WHERE c."Code" = i."Name" AND i."Name" = @p)""", "country/** import/**")]
    [InlineData("""SELECT 1 FROM (SELECT i."Name" FROM "Imports" i WHERE i."Name" = @p LIMIT 1) AS i0 JOIN geo."Countries" c ON c."Code" = i0."Name" """, "country/** import/**")]
    // … unless the key is compared with the value as well. Numbers have no collation.
    [InlineData("""SELECT 1 FROM "Imports" i JOIN geo."Countries" c ON i."Name" = c."Code" WHERE i."Name" = 'sk' AND c."Code" = 'sk'""", "country/sk import/**")]
    [InlineData("""SELECT 1 FROM "Imports" i JOIN "Mappings" m ON i."Id" = m."Id" WHERE i."Id" = 3""", "import/3 mapping/3")]
    public void TextKeyComparedWithAnotherColumn_DoesNotRefine(string sql, string expected) => Assert.Equal(expected, Reads(sql));

    [Theory]
    [InlineData("""SELECT 1 FROM unknown""")]
    [InlineData("""SELECT 1 FROM "Mappings" m JOIN unknown u ON u.id = m."Id" WHERE m."Id" = @p""")]
    [InlineData("""SELECT 1 FROM "Reports" WHERE "Id" = 1""")]
    [InlineData("""SELECT 1 FROM other."Imports" """)]
    [InlineData("""SELECT my_function(1)""")]
    [InlineData("""SELECT 1 FROM my_function(1)""")]
    [InlineData("""SELECT 1 FROM "Mappings" WHERE "Id" = my_function(@p)""")]
    [InlineData("""CALL something()""")]
    [InlineData("""EXEC something""")]
    [InlineData("""SELECT 'unterminated""")]
    [InlineData("""SELECT 1 FROM (("Mappings")""")]
    [InlineData("""SELECT 1 FROM "Mappings" NATURAL JOIN "Imports" """)]
    [InlineData("""SELECT 1 FROM "Mappings" PIVOT (x)""")]
    public void WhatIsNotKnown_ReadsEverything(string sql) => Assert.Equal("**", Reads(sql));

    [Theory]
    [InlineData("""SELECT "Mappings" FROM "Imports" WHERE "Id" = 1""", "import/1 mapping/**")]
    [InlineData("""SELECT m."Mappings", 1 AS "Countries" FROM "Imports" m WHERE m."Id" = 1""", "import/1")]
    [InlineData("""SELECT 1 FROM "Imports" WHERE "Id" = 1 AND "Id" IN "Mappings" """, "import/1 mapping/**")]
    [InlineData("""SELECT 1 FROM geo."Countries" c WHERE c."Code" = 'sk'""", "country/sk")]
    [InlineData("""SELECT value FROM json_each(@p) AS j WHERE j.value IN (SELECT "Id" FROM "Imports")""", "import/**")]
    public void EveryNameThatIsATable_CountsAsRead(string sql, string expected) => Assert.Equal(expected, Reads(sql));

    [Theory]
    [InlineData("""SELECT 1 FROM "Mappings" m WHERE m."Id" = ANY (@ids)""", "mapping/@ids")]
    [InlineData("""SELECT 1 FROM "Mappings" m WHERE m."id" = @p""", "mapping/**")]
    [InlineData("""SELECT 1 FROM "Mappings" m WHERE m.Id = @p""", "mapping/**")]
    [InlineData("""SELECT 1 FROM "Mappings" m WHERE m."Id" = @p::int""", "mapping/**")]
    [InlineData("""SELECT 1 FROM "Mappings" m JOIN LATERAL (SELECT i."Id" FROM "Imports" i WHERE i."Id" = m."ImportId") AS x ON TRUE WHERE m."ImportId" = @p""", "import/@p mapping/@import/@p")]
    [InlineData("""SELECT E'\'' , 1 FROM "Mappings" """, "**")]
    [InlineData("""DO $$ BEGIN END $$""", "**")]
    public void PostgreSql(string sql, string expected) => Assert.Equal(expected, Reads(sql, SqlDialect.PostgreSql));

    [Theory]
    [InlineData("""UPDATE "Imports" SET "Name" = 'x' WHERE "Id" = 1""", "Update import/1")]
    [InlineData("""UPDATE "Imports" AS i SET "Name" = 'x' WHERE i."Id" IN (1, 2)""", "Update import/1|2")]
    [InlineData("""UPDATE "Imports" SET "Id" = 2 WHERE "Id" = 1""", "Delete import/?")]
    [InlineData("""UPDATE "Imports" SET ("Name", "Id") = ('x', 2) WHERE "Id" = 1""", "Delete import/?")]
    [InlineData("""UPDATE "Imports" SET "Name" = 'x'""", "Update import/?")]
    [InlineData("""DELETE FROM "Imports" WHERE "Id" = 1""", "Delete import/1")]
    [InlineData("""DELETE FROM "Imports" WHERE "Id" = 1 OR "Id" = 2""", "Delete import/?")]
    [InlineData("""INSERT INTO "Imports" ("Id") VALUES (1)""", "Insert import/?")]
    [InlineData("""INSERT INTO "Imports" ("Id") SELECT "Id" FROM "Mappings" """, "Insert import/?")]
    [InlineData("""INSERT OR REPLACE INTO "Imports" ("Id") VALUES (1)""", "Delete import/?")]
    [InlineData("""REPLACE INTO "Imports" ("Id") VALUES (1)""", "Delete import/?")]
    [InlineData("""INSERT INTO "Imports" ("Id") VALUES (1) ON CONFLICT ("Id") DO UPDATE SET "Name" = 'x'""", "Insert import/?")]
    [InlineData("""WITH x AS (DELETE FROM "Imports" WHERE "Id" = 1 RETURNING "Id") SELECT * FROM x""", "Delete import/1")]
    [InlineData("""UPDATE i SET "Name" = 'x' FROM "Imports" AS i WHERE i."Id" = 1""", "Update import/1")]
    [InlineData("""UPDATE "Imports" SET "Name" = 'x' WHERE "Id" = 1; DELETE FROM "Mappings" WHERE "Id" = 2""", "Delete mapping/2 Update import/1")]
    // Without a semicolon the next statement is no alias.
    [InlineData("""DELETE FROM "Imports" DELETE FROM "Mappings" """, "**")]
    [InlineData("""DELETE FROM "Imports" UPDATE "Mappings" SET "Target" = 'x'""", "**")]
    [InlineData("""UPDATE unknown SET a = 1""", "**")]
    [InlineData("""UPDATE "Reports" SET "Id" = 1""", "**")]
    [InlineData("""MERGE INTO "Imports" USING x ON 1 = 1 WHEN MATCHED THEN DELETE""", "**")]
    [InlineData("""TRUNCATE TABLE "Imports" """, "**")]
    [InlineData("""DROP TABLE "Imports" """, "**")]
    [InlineData("""SELECT * INTO x FROM "Imports" """, "**")]
    [InlineData("""SELECT 1 UPDATE "Imports" SET "Name" = 'x'""", "**")]
    [InlineData("""SELECT * FROM "Imports" FOR UPDATE""", "")]
    [InlineData("""PRAGMA foreign_keys = ON""", "")]
    [InlineData("""SAVEPOINT x""", "")]
    public void Writes_AreFound(string sql, string expected) => Assert.Equal(expected, Writes(sql));

    [Theory]
    [InlineData("BEGIN", "Begin")]
    [InlineData("BEGIN IMMEDIATE TRANSACTION", "Begin")]
    [InlineData("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE, NOT DEFERRABLE", "Begin")]
    [InlineData("START TRANSACTION", "Begin")]
    [InlineData("COMMIT", "Commit")]
    [InlineData("END", "Commit")]
    [InlineData("ROLLBACK", "Rollback")]
    [InlineData("COMMIT; BEGIN", "Commit Begin")]
    [InlineData("COMMIT AND CHAIN", "Commit Begin")]
    [InlineData("COMMIT WORK AND CHAIN; SELECT 1", "Commit Begin")]
    [InlineData("COMMIT AND NO CHAIN", "Commit")]
    [InlineData("END TRANSACTION AND CHAIN", "Commit Begin")]
    [InlineData("ROLLBACK AND CHAIN", "Rollback Begin")]
    [InlineData("ROLLBACK WORK AND NO CHAIN", "Rollback")]
    [InlineData("SAVEPOINT x", "Savepoint:x")]
    [InlineData("RELEASE \"x\"", "Release:x")]
    [InlineData("RELEASE SAVEPOINT x;", "Release:x")]
    [InlineData("ROLLBACK TO SAVEPOINT x", "RollbackTo:x")]
    [InlineData("ROLLBACK TRANSACTION TO x", "RollbackTo:x")]
    [InlineData("ROLLBACK; UPDATE \"Imports\" SET \"Name\" = 'x'", "Rollback")]
    // Where a transaction begins or ends without a semicolon, anything may have happened.
    [InlineData("BEGIN TRAN UPDATE \"Imports\" SET \"Name\" = 'x' COMMIT", "Unknown Unknown")]
    [InlineData("UPDATE \"Imports\" SET \"Name\" = 'x' COMMIT", "Unknown")]
    [InlineData("DELETE 'unterminated", "Unknown")]
    [InlineData("SELECT 'unterminated", "")]
    [InlineData("SELECT i.\"commit\", i.\"begin\" AS rollback FROM \"Imports\" i", "")]
    public void TransactionsInSql_AreFound(string sql, string expected) =>
        Assert.Equal(expected, string.Join(' ', Plan(sql, SqlDialect.Sqlite).Transaction.Steps.Select(s => s.Name is null ? $"{s.Word}" : $"{s.Word}:{s.Name}")));

    [Theory]
    [InlineData("SAVEPOINT x")]
    [InlineData("RELEASE SAVEPOINT x")]
    [InlineData("ROLLBACK TO SAVEPOINT x")]
    public void SavepointsOfOtherDatabases_NeitherBeginNorEnd(string sql) => Assert.Empty(Plan(sql, SqlDialect.PostgreSql).Transaction.Steps);

    // Outside of SQLite and PostgreSQL a name behind ROLLBACK is a savepoint's; and what is not understood may have committed.
    [Theory]
    [InlineData("ROLLBACK TRAN x", "Unknown", "Unknown")]
    [InlineData("ROLLBACK TRANSACTION [x]", "Unknown", "Unknown")]
    [InlineData("ROLLBACK WORK x", "Unknown", "Unknown")]
    [InlineData("ROLLBACK x", "Unknown", "Unknown")]
    [InlineData("ROLLBACK TRAN @x", "Unknown", "Unknown")]
    [InlineData("ROLLBACK TRAN", "Rollback", "Rollback")]
    [InlineData("ROLLBACK", "Rollback", "Rollback")]
    [InlineData("ROLLBACK WORK AND CHAIN", "Unknown", "Rollback Begin")]
    [InlineData("ROLLBACK AND NO CHAIN NO RELEASE", "Unknown", "Rollback")]
    [InlineData("ROLLBACK TO x", "", "")]
    [InlineData("COMMIT TRAN x", "Commit", "Commit")]
    [InlineData("CREATE TABLE x (y int)", "", "MayEnd")]
    [InlineData("CALL x()", "", "MayEnd")]
    [InlineData("UPDATE Imports SET Name = 'x'", "", "")]
    public void TransactionsInSqlOfOtherDatabases_AreNotBelievedToHaveRolledBack(string sql, string sqlServer, string other)
    {
        Assert.Equal(sqlServer, Words(SqlDialect.SqlServer));
        Assert.Equal(other, Words(SqlDialect.Other));

        string Words(SqlDialect dialect) => string.Join(' ', Plan(sql, dialect).Transaction.Steps.Select(s => $"{s.Word}"));
    }

    [Fact]
    public void AnyText_IsReadWithoutAnError()
    {
        // Fragments of SQL in any order: whatever comes, there is a verdict.
        string[] words =
        [
            "SELECT", "FROM", "WHERE", "\"Mappings\"", "m", "AS", "(", ")", ",", ".", "=", "@p", "AND", "OR", "LEFT", "JOIN", "ON", "IN", "UNION", "WITH",
            "UPDATE", "SET", "DELETE", "INSERT", "INTO", "VALUES", ";", "'x'", "1", "*", "CASE", "END", "BETWEEN", "GROUP", "ORDER", "BY", "LIMIT", "LATERAL",
            "RETURNING", "USING", "EXISTS", "NOT", "ROLLBACK", "BEGIN", "-", "ANY", "REPLACE",
        ];
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var sql = string.Join(' ', Enumerable.Range(0, random.Next(1, 25)).Select(_ => words[random.Next(words.Length)]));
            foreach (var dialect in Enum.GetValues<SqlDialect>())
            {
                var plan = Plan(sql, dialect);
                // A table that is named is read or written, whatever surrounds it; or anything is.
                var isSetting = sql.Split(';').Any(s => s.TrimStart().StartsWith("SET", StringComparison.Ordinal));
                if (sql.Contains("Mappings", StringComparison.Ordinal) && !sql.Contains("AS \"Mappings\"", StringComparison.Ordinal) && !isSetting)
                    Assert.True(plan.ReadsAnything is not null || plan.Reads.Count > 0 || plan.Modifies || plan.Transaction.Steps.Count > 0, sql);
            }
        }
    }
}
