using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

/// <summary>C8, for databases that the tests do not run: what they may have committed is not thrown away.</summary>
public sealed class SqlTransactionTests
{
    private static readonly Touch First = new(Tenant.Public, Tag.Root, "first");
    private static readonly Touch Second = new(Tenant.Public, Tag.Root, "second");

    private readonly SqlTransaction _transaction = new(new HeldWrites());

    [Fact]
    public void Rollback_TouchesNothing()
    {
        Ran("BEGIN");
        Assert.Empty(_transaction.Wrote([First], failed: false));
        Assert.Empty(Ran("ROLLBACK"));
        Assert.False(_transaction.IsOpen);
    }

    // MySQL commits before it begins another, and before and after most of DDL.
    [Theory]
    [InlineData("BEGIN")]
    [InlineData("START TRANSACTION")]
    [InlineData("CREATE TABLE x (y int)")]
    [InlineData("CALL x()")]
    public void WhatMayCommit_TouchesWhatCameBeforeAndAllAtTheRollback(string sql)
    {
        Ran("BEGIN");
        _transaction.Wrote([First], failed: false);
        Assert.Equal([First], Ran(sql));
        Assert.Equal([Second], _transaction.Wrote([Second], failed: false));
        Assert.Equal([First, Second], Ran("ROLLBACK"));
        Assert.False(_transaction.IsOpen);
    }

    [Theory]
    [InlineData("BEGIN")]
    [InlineData("CREATE TABLE x (y int)")]
    public void WhatMayCommitFails_TouchesWhatCameBefore(string sql)
    {
        Ran("BEGIN");
        _transaction.Wrote([First], failed: false);
        Assert.Equal([First], Ran(sql, failed: true));
        Assert.Equal([First], Ran("ROLLBACK"));
    }

    [Theory]
    [InlineData("CREATE TABLE x (y int)")]
    [InlineData("CALL x()")]
    public void WhatMayCommitOutsideOfATransaction_BeginsNone(string sql)
    {
        Assert.Empty(Ran(sql));
        Assert.False(_transaction.IsOpen);
    }

    [Fact]
    public void RollbackToASavepointOfSqlServer_DropsNothing()
    {
        Ran("BEGIN TRAN", SqlDialect.SqlServer);
        _transaction.Wrote([First], failed: false);
        Assert.Equal([First], Ran("ROLLBACK TRAN x", SqlDialect.SqlServer));
        Assert.Equal([First], Ran("COMMIT", SqlDialect.SqlServer));
        Assert.False(_transaction.IsOpen);
    }

    // The failure did not end it: SQL Server counts, and the first COMMIT commits nothing.
    [Fact]
    public void SecondBeginOfSqlServerInDoubt_TouchesAtBothCommits()
    {
        Ran("BEGIN TRAN", SqlDialect.SqlServer);
        _transaction.Wrote([First], failed: true);
        Ran("BEGIN TRAN", SqlDialect.SqlServer);
        Assert.Equal([First], Ran("COMMIT", SqlDialect.SqlServer));
        Assert.Equal([First], Ran("COMMIT", SqlDialect.SqlServer));
    }

    [Theory]
    [InlineData(SqlDialect.PostgreSql)]
    [InlineData(SqlDialect.SqlServer)]
    [InlineData(SqlDialect.Other)]
    public void BeginAndRollbackAfterACommitThatFailed_TouchAgain(object dialect)
    {
        Ran("BEGIN", (SqlDialect)dialect);
        _transaction.Wrote([First], failed: false);
        Assert.Equal([First], Ran("COMMIT", (SqlDialect)dialect, failed: true));
        Ran("BEGIN", (SqlDialect)dialect);
        Assert.Contains(First, Ran("ROLLBACK", (SqlDialect)dialect));
    }

    [Fact]
    public void RollbackAfterAWriteThatFailed_TouchesNothing()
    {
        Ran("BEGIN", SqlDialect.PostgreSql);
        _transaction.Wrote([First], failed: false);
        _transaction.Wrote([], failed: true);
        Assert.Empty(Ran("ROLLBACK", SqlDialect.PostgreSql));
    }

    private IReadOnlyList<Touch> Ran(string sql, SqlDialect dialect = SqlDialect.Other, bool failed = false) =>
        _transaction.Ran(SqlParser.Parse(sql, dialect, SqlBudget.For(sql)).Transaction, [], failed);
}
