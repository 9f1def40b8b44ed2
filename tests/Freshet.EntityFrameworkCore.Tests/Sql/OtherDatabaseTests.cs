using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Tests.Sql;

/// <summary>SQL Server, and databases that are not known, such as MySQL: what only they say, or what they read in another way.</summary>
public sealed class OtherDatabaseTests
{
    [Theory]
    [InlineData("""SELECT 1 FROM "Mappings" m WHERE m."Id" = 1""", "mapping/1")]
    [InlineData("""SELECT 'a\' FROM x -- '""", "**")]
    [InlineData("""SELECT 1 # comment""", "**")]
    [InlineData("""SELECT 1 FROM Mappings m WHERE m.Id = 1 XOR 1 = 1""", "mapping/**")]
    // MySQL: || is OR, "Id" is a string, and two minuses are a comment only with a space behind them.
    [InlineData("""SELECT 1 FROM Mappings m WHERE m.Id = 1 || m.Target = 'x'""", "mapping/**")]
    [InlineData("""SELECT 1 FROM Mappings m WHERE m.Id = 1 AND m.Target = 'x' || 1 = 1""", "mapping/**")]
    [InlineData("""SELECT 1 FROM Mappings m WHERE (m.Id = 1 || 1 = 1) AND m.Target = 'x'""", "mapping/**")]
    [InlineData("""SELECT 1 FROM Imports i JOIN Mappings m ON m.ImportId = 3 || m.Id = 4 WHERE i.Id = 1""", "import/1 mapping/**")]
    [InlineData("""SELECT 1 FROM Mappings m WHERE m.Id = 1 && 1 = 1""", "mapping/**")]
    [InlineData("""SELECT m.Target || 'x' FROM Mappings m WHERE m.Id = 1""", "mapping/1")]
    [InlineData("""SELECT 1 FROM Mappings WHERE "Id" = 0""", "mapping/**")]
    [InlineData("SELECT 1 FROM Mappings m WHERE m.Id = 5--1\n AND 1 = 1", "**")]
    [InlineData("SELECT 1 FROM Mappings m WHERE m.Id = 5 -- one\n AND 1 = 1", "mapping/5")]
    public void UnknownDatabase_RefusesWhatDatabasesReadDifferently(string sql, string expected) => Assert.Equal(expected, SqlAnalysisTests.Reads(sql, SqlDialect.Other));

    [Fact]
    public void ConcatenationWhereItIsNothingElse_Refines() =>
        Assert.Equal("mapping/1", SqlAnalysisTests.Reads("""SELECT 1 FROM "Mappings" WHERE "Id" = 1 AND "Target" = 'x' || 'y'""", SqlDialect.PostgreSql));

    [Theory]
    [InlineData("SET @p = @p + 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "mapping/**")]
    [InlineData("SET @p += 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "mapping/**")]
    [InlineData("SET @P := 5; SELECT 1 FROM Mappings m WHERE m.Id IN (1, @p)", "mapping/**")]
    [InlineData("SELECT @p = i.Id FROM Imports i WHERE i.Id = 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "import/1 mapping/**")]
    [InlineData("SELECT @q = 1, @p = i.Id FROM Imports i WHERE i.Id = 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "import/1 mapping/**")]
    [InlineData("SELECT 1 FROM Mappings m WHERE m.Id = @p AND (@p := 2) = 2", "mapping/**")]
    [InlineData("SELECT i.Id INTO @q, @p FROM Imports i WHERE i.Id = 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "**")]
    [InlineData("SET @q = 1; SELECT 1 FROM Mappings m WHERE m.Id = @p", "mapping/@p")]
    [InlineData("SELECT 1 FROM Mappings m WHERE @p = m.Id", "mapping/@p")]
    [InlineData("SELECT 1 FROM Mappings m WHERE m.Target = 'x' AND (@p = m.Id)", "mapping/@p")]
    [InlineData("SET @q = my_function(); SELECT 1 FROM Mappings m WHERE m.Id = @p", "**")]
    [InlineData("SET @q = (SELECT 1 FROM Imports); SELECT 1 FROM Mappings m WHERE m.Id = @p", "**")]
    public void ParameterThatTheTextAssigns_DoesNotRefine(string sql, string expected)
    {
        Assert.Equal(expected, SqlAnalysisTests.Reads(sql, SqlDialect.SqlServer));
        Assert.Equal(expected, SqlAnalysisTests.Reads(sql, SqlDialect.Other));
    }

    [Theory]
    [InlineData("UPDATE Mappings SET @p = Id = Id + 1 WHERE Id = @p", "Delete mapping/?")]
    [InlineData("INSERT INTO Imports (Id) OUTPUT inserted.Id INTO Mappings (Id) VALUES (1)", "Insert import/? Insert mapping/?")]
    [InlineData("INSERT INTO Imports (Id) OUTPUT inserted.Id INTO @t SELECT Id FROM Countries", "Insert import/?")]
    [InlineData("INSERT INTO Imports (Id) OUTPUT inserted.Id INTO log VALUES (1)", "**")]
    [InlineData("INSERT Imports OUTPUT 1 INTO Mappings VALUES (1)", "**")]
    [InlineData("UPDATE Imports SET Name = 'x' OUTPUT inserted.Id INTO Mappings (Id) WHERE Id = 1", "Insert mapping/? Update import/1")]
    [InlineData("UPDATE i SET Name = 'x' OUTPUT inserted.Id INTO Mappings FROM Imports AS i WHERE i.Id = 1", "Insert mapping/? Update import/1")]
    [InlineData("DELETE FROM Imports OUTPUT deleted.Id INTO dbo.Mappings (Id) WHERE Id = 1", "Delete import/1 Insert mapping/?")]
    [InlineData("DELETE i OUTPUT deleted.Id FROM Imports AS i WHERE i.Id = 1", "Delete import/1")]
    [InlineData("DELETE FROM Imports OUTPUT deleted.Id INTO (x) WHERE Id = 1", "**")]
    [InlineData("DELETE i, m FROM Imports i JOIN Mappings m ON m.ImportId = i.Id WHERE i.Id = 1", "Delete import/? Delete mapping/?")]
    [InlineData("DELETE i.*, m.* FROM Imports i, Mappings m WHERE i.Id = 1", "Delete import/? Delete mapping/?")]
    [InlineData("DELETE FROM i, m USING Imports i JOIN Mappings m ON m.ImportId = i.Id WHERE i.Id = 1", "Delete import/? Delete mapping/?")]
    [InlineData("DELETE Imports, unknown FROM Imports JOIN unknown ON 1 = 1", "**")]
    [InlineData("DELETE i, m WHERE 1 = 1", "**")]
    [InlineData("DELETE QUICK FROM Imports WHERE Id = 1", "**")]
    [InlineData("UPDATE Imports i JOIN Mappings m ON m.ImportId = i.Id SET i.Name = 'x', m.Target = 'x' WHERE i.Id = 1", "Delete import/? Delete mapping/?")]
    [InlineData("UPDATE Imports, Mappings SET Mappings.Target = 'x' WHERE Imports.Id = 1", "Delete import/? Delete mapping/?")]
    [InlineData("UPDATE Imports WITH (ROWLOCK) SET Name = 'x' WHERE Id = 1", "Delete import/?")]
    [InlineData("UPDATE TOP (1) Imports SET Name = 'x'", "**")]
    [InlineData("DELETE FROM Imports WHERE Imports.Id = 1 ORDER BY Name LIMIT 1", "Delete import/?")]
    public void WritesOfOtherDatabases_AreFound(string sql, string expected)
    {
        Assert.Equal(expected, SqlAnalysisTests.Writes(sql, SqlDialect.SqlServer));
        Assert.Equal(expected, SqlAnalysisTests.Writes(sql, SqlDialect.Other));
    }
}
