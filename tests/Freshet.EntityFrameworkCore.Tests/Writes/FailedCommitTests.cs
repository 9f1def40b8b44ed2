using System.Data.Common;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

/// <summary>C8: a commit that fails counts as committed, and may be tried again. SQLite keeps the transaction then.</summary>
public sealed class FailedCommitTests() : DatabaseTests(null)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_CommitThatFailsAndIsTriedAgain_TouchesBothTimes(bool sync)
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await LeaveReviewerMissingAsync(db);
            // The foreign key is checked at the commit.
            if (sync)
                Assert.ThrowsAny<DbException>(() => transaction.Commit());
            else
                await Assert.ThrowsAnyAsync<DbException>(() => transaction.CommitAsync());
            Assert.Equal(["mapping", "mapping/7"], PublicOnly(App.Store.Touched()));
            App.Store.Clear();

            // Who loads now sees the state before the commit.
            var reading = await App.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            await AddReviewerAsync(db);
            if (sync)
                transaction.Commit();
            else
                await transaction.CommitAsync();
            Assert.False(reading.IsValid());
        });
        // What is written in doubt is due at once, and at the commit.
        string[] expected = ["Reviewer", "context", "mapping", "mapping/7"];
        Assert.Equal(expected, touched.Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_CommitInSqlThatFailsAndIsTriedAgain_TouchesBothTimes()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await LeaveReviewerMissingAsync(db);
            await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync("COMMIT"));
            Assert.Equal(["mapping", "mapping/7"], PublicOnly(App.Store.Touched()));
            App.Store.Clear();

            var reading = await App.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            await AddReviewerAsync(db);
            await db.Database.ExecuteSqlRawAsync("COMMIT");
            Assert.False(reading.IsValid());
        });
        // What is written in doubt is due at once, and at the commit.
        string[] expected = ["Reviewer", "context", "mapping", "mapping/7"];
        Assert.Equal(expected, touched.Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
    }

    // The commit may have happened, and later than what was touched when it failed.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_RollbackAfterACommitThatFailed_TouchesAgain(bool sync)
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await LeaveReviewerMissingAsync(db);
            await Assert.ThrowsAnyAsync<DbException>(() => transaction.CommitAsync());
            App.Store.Clear();
            if (sync)
                transaction.Rollback();
            else
                await transaction.RollbackAsync();
        });
        Assert.Equal(["mapping", "mapping/7"], touched);
    }

    [Fact]
    public async Task C8_RollbackInSqlAfterACommitThatFailed_TouchesAgain()
    {
        var touched = await TouchedAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            await db.Database.ExecuteSqlRawAsync("BEGIN");
            await LeaveReviewerMissingAsync(db);
            await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync("COMMIT"));
            App.Store.Clear();
            await db.Database.ExecuteSqlRawAsync("ROLLBACK");
        });
        Assert.Equal(["mapping", "mapping/7"], touched);
    }

    private static async Task LeaveReviewerMissingAsync(TestDb db)
    {
        await db.Database.ExecuteSqlRawAsync("PRAGMA defer_foreign_keys = ON");
        await db.Mappings.Where(m => m.Id == 7).ExecuteUpdateAsync(s => s.SetProperty(m => m.ReviewerId, 99));
    }

    private static Task<int> AddReviewerAsync(TestDb db) =>
        db.Database.ExecuteSqlRawAsync("""INSERT INTO "Reviewers" ("Id", "Name") VALUES (99, 'r99')""");
}
