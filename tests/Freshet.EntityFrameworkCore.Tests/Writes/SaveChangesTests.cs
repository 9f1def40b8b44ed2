using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteSaveChangesTests() : SaveChangesTests(null);

public sealed class PostgresSaveChangesTests(PostgresServer server) : SaveChangesTests(server);

/// <summary>What SaveChanges touches by each way to change a row. Types without a declared tenant touch the public log and
/// the tenant at work; the tests look at the public one.</summary>
public abstract class SaveChangesTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public async Task Insert_TouchesTheRowAndItsParents()
    {
        var touched = await TouchedAsync(async db =>
        {
            db.Add(new Mapping { Id = 8, ImportId = 43, ReviewerId = 5 });
            await db.SaveChangesAsync();
        });
        Assert.Equal(["mapping/8", "mapping/@Reviewer/5", "mapping/@import/43"], touched);
        Assert.Contains("(default): mapping/8", App.Store.Touched(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task InsertWithGeneratedKeys_TouchesTheGeneratedKeys()
    {
        var client = new Client { Name = "new", Imports = { new Import { Name = "new" } } };
        var touched = await TouchedAsync(async db =>
        {
            // The sequence does not know of the seeded rows.
            client.Id = 100;
            client.Imports[0].Id = 100;
            db.Add(client);
            db.Add(new Mapping { Id = 900, Import = client.Imports[0] });
            db.Add(new Category { Name = "generated" });
            await db.SaveChangesAsync();
        });
        Assert.Equal(
            ["Category/1", "client/100", "import/100", "import/@client/100", "mapping/900", "mapping/@import/100"],
            touched);
    }

    [Fact]
    public async Task Update_TouchesTheRowAndItsParent()
    {
        var touched = await TouchedAsync(async db =>
        {
            (await db.Mappings.SingleAsync(m => m.Id == 7)).Target = "b";
            await db.SaveChangesAsync();
        });
        Assert.Equal(["mapping/7", "mapping/@import/42"], touched);
    }

    [Fact]
    public async Task Move_TouchesTheOldAndTheNewParent()
    {
        var touched = await TouchedAsync(async db =>
        {
            (await db.Mappings.SingleAsync(m => m.Id == 7)).ImportId = 43;
            await db.SaveChangesAsync();
        });
        Assert.Equal(["mapping/7", "mapping/@import/42", "mapping/@import/43"], touched);
    }

    [Fact]
    public async Task DetachedUpdate_TouchesTheType()
    {
        // The row hangs on import 42; the object says 43, and that it was always so.
        var touched = await TouchedAsync(async db =>
        {
            db.Update(new Mapping { Id = 7, ImportId = 43, Target = "b" });
            await db.SaveChangesAsync();
        });
        Assert.Contains("mapping", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task UpdateOfAStub_TouchesTheType()
    {
        var touched = await TouchedAsync(async db =>
        {
            var stub = new Mapping { Id = 7 };
            db.Attach(stub);
            stub.Target = "b";
            await db.SaveChangesAsync();
        });
        Assert.Contains("mapping", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task UpdateWithoutConcurrencyToken_TouchesTheType()
    {
        // Somebody else may have moved the row since it was read, and nothing in the statement would notice.
        var touched = await TouchedAsync(async db =>
        {
            (await db.Notes.SingleAsync(n => n.Id == 3)).Text = "b";
            await db.SaveChangesAsync();
        });
        Assert.Contains("Note", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Delete_TouchesWhatTheDatabaseDeletesToo()
    {
        var touched = await TouchedAsync(async db =>
        {
            db.Remove(await db.Imports.SingleAsync(i => i.Id == 42));
            await db.SaveChangesAsync();
        });
        Assert.Equal(["Note", "import/42", "import/@client/1", "mapping", "mapping/@import/42"], touched);
    }

    [Fact]
    public async Task DeleteThatSetsNull_TouchesTheTypeThatLosesItsParent()
    {
        var touched = await TouchedAsync(async db =>
        {
            db.Remove(await db.Reviewers.SingleAsync(r => r.Id == 5));
            await db.SaveChangesAsync();
        });
        Assert.Equal(["Reviewer/5", "context/5", "mapping", "mapping/@Reviewer/5"], touched);
    }

    [Fact]
    public async Task NothingChanged_TouchesNothing()
    {
        Assert.Empty(await TouchedAsync(async db =>
        {
            _ = await db.Mappings.ToListAsync();
            await db.SaveChangesAsync();
        }));
    }

    [Fact]
    public async Task SynchronousSave_TouchesBeforeItReturns()
    {
        var touched = await TouchedAsync(db =>
        {
            db.Mappings.Single(m => m.Id == 7).Target = "b";
            db.SaveChanges();
            Assert.NotEmpty(App.Store.Touched());
            return Task.CompletedTask;
        });
        Assert.Equal(["mapping/7", "mapping/@import/42"], touched);
    }

    [Fact]
    public async Task CancelledRequest_StillTouches()
    {
        using var cancel = new CancellationTokenSource();
        App.Store.BeforeAppend = async () => await cancel.CancelAsync();
        var touched = await TouchedAsync(async db =>
        {
            (await db.Mappings.SingleAsync(m => m.Id == 7)).Target = "b";
            await db.SaveChangesAsync(cancel.Token);
        });
        Assert.Equal(["mapping/7", "mapping/@import/42"], touched);
    }
}
