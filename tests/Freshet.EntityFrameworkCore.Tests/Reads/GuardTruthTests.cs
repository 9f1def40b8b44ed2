using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Sql;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

/// <summary>What the values of a command say about a condition of parameters alone: as much as is sure of the database.</summary>
public sealed class GuardTruthTests
{
    /// <summary>The possible truths of the guard before OR, as letters.</summary>
    internal static string Truths(string guard, SqlDialect dialect, DbParameterCollection parameters)
    {
        var tree = SqlParser.Parse($"""SELECT 1 FROM "Mappings" WHERE {guard} OR "Id" = 7""", dialect, SqlBudget.For(guard + new string(' ', 1000)));
        if (tree.Guards is not [var found])
            return "not a guard";
        var truths = GuardTruth.Of(found, dialect, parameters);
        return string.Concat(
            truths.HasFlag(GuardTruth.Truths.True) ? "T" : "",
            truths.HasFlag(GuardTruth.Truths.False) ? "F" : "",
            truths.HasFlag(GuardTruth.Truths.Null) ? "N" : "");
    }

    internal static DbParameterCollection Parameters(SqlDialect dialect, params (string Name, object? Value)[] values)
    {
        DbCommand command = dialect is SqlDialect.Sqlite ? new SqliteCommand() : new NpgsqlCommand();
        foreach (var (name, value) in values)
            command.Parameters.Add(dialect is SqlDialect.Sqlite ? new SqliteParameter(name, value) : new NpgsqlParameter(name, value));
        return command.Parameters;
    }

    private static object? Value(string value) => value switch
    {
        "null" => DBNull.Value,
        "true" => true,
        "false" => false,
        "unset" => null,
        "guid" => Guid.Empty,
        "NaN" => double.NaN,
        "1.0" => 1.0,
        "1m" => 1m,
        "array" => new[] { 1 },
        "enum" => DayOfWeek.Monday,
        _ when int.TryParse(value, out var number) => number,
        _ => value,
    };

    [Theory]
    // A parameter by itself.
    [InlineData("@p", "true", "T", "T")]
    [InlineData("@p", "false", "F", "F")]
    [InlineData("@p", "null", "N", "N")]
    [InlineData("@p", "0", "F", "TF")]
    [InlineData("@p", "2", "T", "TF")]
    [InlineData("@p", "x", "TF", "TF")]
    [InlineData("@p", "1.0", "TF", "TF")]
    [InlineData("@p", "NaN", "TFN", "TFN")]
    [InlineData("@p", "unset", "TFN", "TFN")]
    [InlineData("@p", "array", "TFN", "TFN")]
    [InlineData("@p", "enum", "TFN", "TFN")]
    [InlineData("@q", "true", "TFN", "TFN")]
    // NOT.
    [InlineData("NOT (@p)", "true", "F", "F")]
    [InlineData("NOT @p", "false", "T", "T")]
    [InlineData("NOT @p", "null", "N", "N")]
    [InlineData("NOT NOT @p", "true", "T", "T")]
    [InlineData("(NOT NOT @p) <> 5", "5", "T", "TF")]
    // IS.
    [InlineData("@p IS NULL", "null", "T", "T")]
    [InlineData("@p IS NULL", "x", "F", "F")]
    [InlineData("@p IS NULL", "", "F", "F")]
    [InlineData("@p IS NULL", "NaN", "TF", "TF")]
    [InlineData("@p IS NULL", "unset", "TF", "TF")]
    [InlineData("@p IS NOT NULL", "null", "F", "F")]
    [InlineData("@p IS NOT NULL", "guid", "T", "T")]
    [InlineData("NOT @p IS NULL", "null", "F", "F")]
    [InlineData("(@p = 1) IS NULL", "null", "T", "T")]
    [InlineData("@p IS TRUE", "null", "F", "F")]
    [InlineData("@p IS NOT TRUE", "null", "T", "T")]
    [InlineData("@p IS FALSE", "false", "T", "T")]
    [InlineData("@p IS TRUE", "7", "T", "TF")]
    // Comparisons.
    [InlineData("@p = 1", "1", "T", "T")]
    [InlineData("1 = @p", "2", "F", "F")]
    [InlineData("@p <> 1", "2", "T", "T")]
    [InlineData("@p != -1", "-1", "F", "F")]
    [InlineData("@p = 1", "true", "T", "TF")]
    [InlineData("@p = 1", "null", "N", "N")]
    [InlineData("@p <> 1", "null", "N", "N")]
    [InlineData("@p = TRUE", "true", "T", "T")]
    [InlineData("@p <> FALSE", "false", "F", "F")]
    [InlineData("@p = TRUE", "7", "F", "TF")]
    [InlineData("@p = NULL", "1", "N", "TFN")]
    [InlineData("@p = 1", "1.0", "TF", "TF")]
    [InlineData("@p = 1", "1m", "TF", "TF")]
    [InlineData("@p = 'x'", "x", "T", "TF")]
    [InlineData("@p = 'X'", "x", "F", "TF")]
    [InlineData("@p = 'é'", "é", "TF", "TF")]
    [InlineData("@p = '1'", "1", "TF", "TF")]
    [InlineData("@p = 99999999999999999999", "1", "TF", "TF")]
    [InlineData("@p = 0x1", "1", "TF", "TF")]
    // Constants.
    [InlineData("1 = 0", "null", "F", "F")]
    [InlineData("0 = 0", "null", "T", "T")]
    [InlineData("TRUE", "null", "T", "T")]
    [InlineData("FALSE", "null", "F", "F")]
    [InlineData("NULL", "null", "N", "N")]
    [InlineData("1", "null", "T", "TF")]
    // AND and OR.
    [InlineData("(@p AND FALSE)", "null", "F", "F")]
    [InlineData("(@p AND TRUE)", "null", "N", "N")]
    [InlineData("(@p OR TRUE)", "null", "T", "T")]
    [InlineData("(@p OR FALSE)", "null", "N", "N")]
    [InlineData("(@q AND FALSE)", "null", "F", "F")]
    [InlineData("(@q OR TRUE)", "null", "T", "T")]
    [InlineData("(@q OR @p)", "false", "TFN", "TFN")]
    [InlineData("NOT (@p AND NOT (@p OR FALSE))", "true", "T", "T")]
    // Casts.
    [InlineData("CAST(@p AS boolean)", "true", "T", "T")]
    [InlineData("CAST(@p AS boolean)", "null", "N", "N")]
    [InlineData("CAST(@p AS boolean)", "x", "TF", "TF")]
    [InlineData("CAST(@p AS text) IS NULL", "x", "F", "F")]
    [InlineData("CAST(@p AS something) IS NULL", "x", "TF", "TF")]
    [InlineData("CAST(@p AS int) = 1", "1", "T", "T")]
    public void Guard_IsJudgedAsTheDatabaseDoes(string guard, string value, string sqlite, string postgres)
    {
        Assert.Equal(sqlite, Truths(guard, SqlDialect.Sqlite, Parameters(SqlDialect.Sqlite, ("@p", Value(value)))));
        Assert.Equal(postgres, Truths(guard, SqlDialect.PostgreSql, Parameters(SqlDialect.PostgreSql, ("@p", Value(value)))));
    }

    [Theory]
    [InlineData("@p::boolean", "true", "T")]
    [InlineData("@p::bool IS NOT NULL", "null", "F")]
    [InlineData("@p::text IS NULL", "null", "T")]
    [InlineData("@p::int::boolean", "3", "T")]
    [InlineData("NOT @p::boolean", "true", "F")]
    [InlineData("@p::mood IS NULL", "x", "TF")]
    public void CastOfPostgreSql_IsJudged(string guard, string value, string expected) =>
        Assert.Equal(expected, Truths(guard, SqlDialect.PostgreSql, Parameters(SqlDialect.PostgreSql, ("p", Value(value)))));

    [Theory]
    // MySQL, Oracle and others: a flag and a number are what they are; the rest depends on the database and its settings.
    [InlineData("@p", "true", "T", "T")]
    [InlineData("@p = CAST(1 AS bit)", "true", "T", "TFN")]
    [InlineData("@p = CAST(0 AS bit)", "true", "F", "TFN")]
    [InlineData("@p = 1", "true", "T", "TF")]
    [InlineData("@p = 1", "null", "TFN", "TFN")]
    [InlineData("@p <> 1", "null", "TFN", "TFN")]
    [InlineData("@p = @p", "null", "TFN", "TFN")]
    [InlineData("@p IS NULL", "null", "T", "T")]
    [InlineData("@p IS NULL", "", "F", "TF")]
    [InlineData("@p = 'x'", "x", "TF", "TF")]
    [InlineData("@p IS TRUE", "true", "TF", "TF")]
    [InlineData("(@p = TRUE)", "true", "TFN", "TFN")]
    [InlineData("NOT (@p = 1)", "1", "F", "F")]
    [InlineData("NOT @p = 1", "1", "F", "not a guard")]
    public void OtherDatabase_IsJudgedByWhatAllHaveInCommon(string guard, string value, string sqlServer, string other)
    {
        var parameters = Parameters(SqlDialect.PostgreSql, ("@p", Value(value)));
        if (parameters[0].Value is bool)
            parameters[0].DbType = DbType.Boolean;
        else if (parameters[0].Value is int)
            parameters[0].DbType = DbType.Int32;
        Assert.Equal(sqlServer, Truths(guard, SqlDialect.SqlServer, parameters));
        Assert.Equal(other, Truths(guard, SqlDialect.Other, parameters));
    }

    [Theory]
    [InlineData("@p + 1")]
    [InlineData("@p > 1")]
    [InlineData("COALESCE(@p, TRUE)")]
    [InlineData("@p IN (1, 2)")]
    [InlineData("@p = 1 = 1")]
    [InlineData("@p IS NULL IS NULL")]
    [InlineData("@p COLLATE NOCASE = 'x'")]
    [InlineData("?")]
    [InlineData("@p = (SELECT 1)")]
    [InlineData("EXISTS (SELECT 1)")]
    [InlineData("CAST(@p AS varchar(2)) = 'x'")]
    [InlineData("(@p, 1) = (1, 1)")]
    [InlineData("@p IS DISTINCT FROM 1")]
    [InlineData("@p LIKE 'x'")]
    [InlineData("@p BETWEEN 1 AND 2")]
    [InlineData("\"Target\" = 'x'")]
    public void WhatIsNotUnderstood_IsNoGuard(string guard)
    {
        Assert.Equal("not a guard", Truths(guard, SqlDialect.Sqlite, Parameters(SqlDialect.Sqlite, ("@p", 1))));
        Assert.Equal("not a guard", Truths(guard, SqlDialect.PostgreSql, Parameters(SqlDialect.PostgreSql, ("@p", 1))));
    }

    [Fact]
    public void ParameterThatIsNotWhatItSays_IsNotJudged()
    {
        Assert.Equal("TFN", Of(new NpgsqlParameter("p", true) { Direction = ParameterDirection.InputOutput }));
        Assert.Equal("TF", Of(new NpgsqlParameter("p", NpgsqlDbType.Text) { Value = true }));
        Assert.Equal("TFN", Of(new NpgsqlParameter("p", true), new NpgsqlParameter("@p", false)));
        Assert.Equal("T", Of(new NpgsqlParameter<bool>("p", true)));

        static string Of(params NpgsqlParameter[] parameters)
        {
            using var command = new NpgsqlCommand();
            command.Parameters.AddRange(parameters);
            return Truths("@p", SqlDialect.PostgreSql, command.Parameters);
        }
    }
}
