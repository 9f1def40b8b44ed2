using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteCommandTests() : CommandTests(null);

public sealed class PostgresCommandTests(PostgresServer server) : CommandTests(server)
{
    [Fact]
    public async Task WriteInsideAWithClause_TouchesTheType()
    {
        var touched = await TouchedAsync(db => db.Database
            .SqlQueryRaw<int>("WITH moved AS (UPDATE \"Mappings\" SET \"Target\" = 'x' WHERE \"Id\" = 7 RETURNING 1) SELECT count(*)::int AS \"Value\" FROM moved")
            .ToListAsync());
        Assert.Contains("mapping", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task UnknownFunction_TouchesEverything()
    {
        await App.UseAsync(db => db.Database.ExecuteSqlRawAsync("CREATE FUNCTION change() RETURNS void LANGUAGE sql AS $$ UPDATE \"Mappings\" SET \"Target\" = 'f' $$"));
        var touched = await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("SELECT change()"));
        Assert.Contains("mapping", touched, StringComparer.Ordinal);
        Assert.Contains("country", touched, StringComparer.Ordinal);
    }
}

/// <summary>Writes that no SaveChanges makes: what they touch follows from their text and parameters.</summary>
public abstract class CommandTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public async Task ExecuteUpdateByKey_WithoutParents_TouchesTheRow()
    {
        var code = "sk";
        Assert.Equal(
            ["country/sk"],
            await TouchedAsync(db => db.Countries.Where(c => c.Code == code).ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "Slovakia"))));
    }

    [Fact]
    public async Task ExecuteUpdateByKeyAndParents_TouchesTheRowAndTheCollections()
    {
        var touched = await TouchedAsync(db => db.Imports.Where(i => i.Id == 42 && i.ClientId == 1).ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, "x")));
        Assert.Equal(["import/42", "import/@client/1"], touched);
    }

    [Fact]
    public async Task ExecuteUpdateByKey_WithParents_TouchesTheType()
    {
        // Where the row hangs, the statement does not say.
        var touched = await TouchedAsync(db => db.Imports.Where(i => i.Id == 42).ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, "x")));
        Assert.Equal(["import", "import/42"], touched);
    }

    [Fact]
    public async Task ExecuteUpdateThatMoves_TouchesTheType()
    {
        var touched = await TouchedAsync(db => db.Imports.Where(i => i.Id == 42 && i.ClientId == 1).ExecuteUpdateAsync(s => s.SetProperty(i => i.ClientId, 1)));
        Assert.Contains("import", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task ExecuteUpdateOfMany_TouchesTheType() =>
        Assert.Equal(["mapping"], await TouchedAsync(db => db.Mappings.Where(m => m.Target != "z").ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, "x"))));

    [Fact]
    public async Task SynchronousExecuteUpdate_TouchesBeforeItReturns()
    {
        var touched = await TouchedAsync(db =>
        {
            db.Mappings.ExecuteUpdate(s => s.SetProperty(m => m.Target, "x"));
            Assert.NotEmpty(App.Store.Touched());
            return Task.CompletedTask;
        });
        Assert.Equal(["mapping"], touched);
    }

    [Fact]
    public async Task ExecuteDelete_TouchesWhatTheDatabaseDeletesToo()
    {
        Assert.Equal(
            ["Note", "import", "mapping"],
            await TouchedAsync(db => db.Imports.Where(i => i.Name == "i42").ExecuteDeleteAsync()));
        Assert.Equal(
            ["Note", "client/1", "import", "import/@client/1", "mapping"],
            await TouchedAsync(db => db.Clients.Where(c => c.Id == 1).ExecuteDeleteAsync()));
    }

    [Fact]
    public async Task ExecuteUpdateThroughAJoin_TouchesTheType() =>
        Assert.Equal(
            ["mapping"],
            await TouchedAsync(db => db.Mappings.Where(m => m.Import!.Name == "i42").ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, "x"))));

    [Fact]
    public async Task RawUpdate_TouchesByItsText()
    {
        var code = "sk";
        Assert.Equal(
            ["country/sk"],
            await TouchedAsync(db => db.Database.ExecuteSqlAsync($"""UPDATE "Countries" SET "Name" = 'x' WHERE "Code" = {code}""")));
        Assert.Equal(["country"], await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("""UPDATE "Countries" SET "Name" = 'y'""")));
    }

    [Fact]
    public async Task RawInsertAndDelete_TouchTheTypeOrTheRow()
    {
        Assert.Equal(["country"], await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("""INSERT INTO "Countries" ("Code", "Name") VALUES ('cz', 'x')""")));
        Assert.Equal(["country/cz"], await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("""DELETE FROM "Countries" WHERE "Code" = 'cz'""")));
    }

    [Fact]
    public async Task SeveralRawStatements_TouchAllOfThem() =>
        Assert.Equal(
            ["country", "mapping"],
            await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("""UPDATE "Countries" SET "Name" = 'y'; UPDATE "Mappings" SET "Target" = 'y'""")));

    [Fact]
    public async Task UpdateThatReturnsRows_TouchesOnceItsReaderIsClosed()
    {
        // Entity Framework opens the connection before it makes such a command, so it may be touched again when the connection is closed.
        Assert.Equal(
            ["country/sk"],
            (await TouchedAsync(db => db.Countries.FromSqlRaw("""UPDATE "Countries" SET "Name" = 'x' WHERE "Code" = 'sk' RETURNING "Code", "Name" """).AsNoTracking().ToListAsync())).Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Equal(
            ["country/sk"],
            (await TouchedAsync(db =>
            {
                _ = db.Countries.FromSqlRaw("""UPDATE "Countries" SET "Name" = 'y' WHERE "Code" = 'sk' RETURNING "Code", "Name" """).AsNoTracking().ToList();
                return Task.CompletedTask;
            })).Distinct(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Fact]
    public async Task StatementThatIsNotUnderstood_TouchesEverything()
    {
        var touched = await TouchedAsync(db => db.Database.ExecuteSqlRawAsync("""CREATE INDEX "IX_x" ON "Countries" ("Name")"""));
        Assert.Contains("country", touched, StringComparer.Ordinal);
        Assert.Contains("mapping", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task CommandThatFails_TouchesAsItsOutcomeIsNotKnown() =>
        Assert.Equal(
            ["country/sk"],
            await TouchedAsync(async db => await Assert.ThrowsAnyAsync<Exception>(
                () => db.Database.ExecuteSqlRawAsync("""UPDATE "Countries" SET "Name" = NULL WHERE "Code" = 'sk'"""))));

    [Fact]
    public async Task CommandInATransaction_TouchesAtItsCommit()
    {
        var touched = await TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Mappings.ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, "x"));
            Assert.Empty(App.Store.Touched());
            await transaction.CommitAsync();
        });
        Assert.Equal(["mapping"], touched);
    }
}
