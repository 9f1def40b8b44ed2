namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>Commands as Entity Framework and people write them, for each database.</summary>
internal static class RealTexts
{
    public static readonly string[] All =
    [
        """
        SELECT "m"."Id", "m"."ImportId", "m"."Target"
        FROM "Mappings" AS "m"
        WHERE "m"."ImportId" = @id AND "m"."Target" <> 'x'
        ORDER BY "m"."Id"
        LIMIT @p OFFSET @p0
        """,
        """
        SELECT s0."Target", i0."Name"
        FROM "Imports" AS i
        JOIN LATERAL (
            SELECT m0."Target", i1."Name", m0."Id"
            FROM (
                SELECT m."Id", m."ImportId", m."Target"
                FROM "Mappings" AS m
                WHERE i."Id" = m."ImportId"
                ORDER BY m."Id"
                LIMIT 2
            ) AS m0
            INNER JOIN "Imports" AS i1 ON m0."ImportId" = i1."Id"
        ) AS s0 ON TRUE
        INNER JOIN "Imports" AS i0 ON s0."Id" = i0."Id"
        WHERE i."Id" = 42
        """,
        """
        SELECT [i].[Id], [m0].[Id], [m0].[Target]
        FROM [Imports] AS [i]
        OUTER APPLY (
            SELECT TOP(2) [m].[Id], [m].[Target]
            FROM [Mappings] AS [m]
            WHERE [i].[Id] = [m].[ImportId] AND ([m].[Target] LIKE N'%a%' ESCAPE N'\' OR [m].[Target] IS NULL)
            ORDER BY [m].[Id] DESC
        ) AS [m0]
        WHERE (@ef_filter__all = CAST(1 AS bit) OR [i].[Name] = @ef_filter__tenant) AND [i].[Id] IN (
            SELECT [n].[value] FROM OPENJSON(@ids) WITH ([value] int '$') AS [n])
        ORDER BY [i].[Id] OFFSET @p ROWS FETCH NEXT @p0 ROWS ONLY
        """,
        """
        SELECT "t"."Id", "t"."c", "t0"."Id"
        FROM (
            SELECT "i"."Id", "i"."Name", (SELECT COUNT(*) FROM "Mappings" AS "m" WHERE "i"."Id" = "m"."ImportId") AS "c"
            FROM "Imports" AS "i"
            ORDER BY "i"."Name"
            LIMIT @p
        ) AS "t"
        LEFT JOIN (
            SELECT "m0"."Id", "m0"."ImportId"
            FROM (
                SELECT "m1"."Id", "m1"."ImportId", ROW_NUMBER() OVER(PARTITION BY "m1"."ImportId" ORDER BY "m1"."Id") AS "row"
                FROM "Mappings" AS "m1"
            ) AS "m0"
            WHERE "m0"."row" <= 1
        ) AS "t0" ON "t"."Id" = "t0"."ImportId"
        ORDER BY "t"."Name"
        """,
        """
        SELECT "i"."Id" FROM "Imports" AS "i" WHERE "i"."Id" = @id
        UNION ALL
        SELECT "m"."Id" FROM "Mappings" AS "m" WHERE "m"."ImportId" BETWEEN @a AND @b AND CASE WHEN "m"."Target" = 'x' THEN 1 ELSE 0 END = 1
        EXCEPT
        SELECT 1
        """,
        """
        -- a tag (of a query)

        SELECT COALESCE(SUM(CAST("m"."Id" AS REAL)), 0.0), MAX("m"."Target" || 'x')
        FROM "Mappings" AS "m"
        WHERE "m"."Id" IN (SELECT "v"."value" FROM json_each(@ids) AS "v") OR NOT EXISTS (SELECT 1 FROM "Imports" AS "i" WHERE "i"."Id" = -7)
        GROUP BY "m"."ImportId"
        HAVING COUNT(*) > 1
        """,
        """SELECT m."Id" FROM "Mappings" AS m WHERE m."Id" = ANY (@ids) AND m."ImportId" = (SELECT i."Id" FROM geo."Countries" AS c, "Imports" AS i WHERE c."Code" = 'sk' LIMIT 1) FOR UPDATE""",
        """
        WITH RECURSIVE tree (id, depth) AS (
            SELECT i."Id", 0 FROM "Imports" i WHERE i."Id" = $1
            UNION ALL
            SELECT m."Id", t.depth + 1 FROM "Mappings" m JOIN tree t ON t.id = m."ImportId"
        )
        SELECT * FROM tree
        """,
        """UPDATE "Mappings" AS m SET "Target" = m."Target" || @p, "ImportId" = (SELECT MAX("Id") FROM "Imports") FROM "Imports" AS i WHERE i."Id" = m."ImportId" AND i."Id" = @id RETURNING m."Id" """,
        """UPDATE [m] SET [m].[Target] = @p OUTPUT INSERTED.[Id] INTO [Imports] ([Id]) FROM [Mappings] AS [m] INNER JOIN [Imports] AS [i] ON [m].[ImportId] = [i].[Id] WHERE [i].[Id] = @id""",
        """DELETE FROM "Mappings" AS "m" WHERE "m"."Id" IN (SELECT "m0"."Id" FROM "Mappings" AS "m0" WHERE "m0"."ImportId" = @id LIMIT 5)""",
        """
        INSERT INTO "Mappings" ("ImportId", "Target") VALUES (@p0, @p1), (@p2, @p3)
        ON CONFLICT ("Id") DO UPDATE SET "Target" = excluded."Target" RETURNING "Id";
        SELECT changes();
        """,
        """INSERT INTO `Imports` (`Id`, `Name`) SELECT `Id` + 1, CONCAT(`Name`, 'x') FROM `Imports` WHERE `Id` = @id ON DUPLICATE KEY UPDATE `Name` = VALUES(`Name`)""",
        """SET NOCOUNT ON; MERGE [Imports] USING (VALUES (@p0, @p1)) AS i ([Name], _Position) ON 1=0 WHEN NOT MATCHED THEN INSERT ([Name]) VALUES (i.[Name]) OUTPUT INSERTED.[Id], i._Position;""",
        """BEGIN IMMEDIATE; SAVEPOINT "a"; UPDATE Imports SET Name = NULL WHERE Id == 1; RELEASE "a"; COMMIT AND CHAIN;""",
        """DO $$ BEGIN PERFORM 1; END $$; SELECT E'\'', U&'\0041', X'00', $1::int[] -> 'a' #>> '{b}'""",
        """CREATE TABLE x AS SELECT /* hidden */ 1; PRAGMA foreign_keys = 1; VACUUM; EXEC sp_who @x = 1, @y OUT; CALL f(1)""",
    ];
}
