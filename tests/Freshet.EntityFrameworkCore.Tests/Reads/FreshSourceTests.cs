using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteFreshSourceTests() : FreshSourceTests(null)
{
    // The reader that is open pins the state that its connection sees.
    [Fact]
    public async Task C2_LoadInsideAReaderOfTheSameContext_IsNotStored() => await App.UseAsync(async db =>
    {
        await App.UseAsync(other => other.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL"));
        await foreach (var import in db.Imports.AsNoTracking().AsAsyncEnumerable())
        {
            _ = import;
            await App.UseAsync(other => other.Countries.ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "new")));
            var name = "";
            var reading = await App.LoadAsync(async () => name = await db.Countries.AsNoTracking().Select(c => c.Name).SingleAsync());
            Assert.Equal("Slovensko", name);
            Assert.Equal(CacheReason.OpenConnection, reading.Refusal);
            break;
        }
    });

    [Fact]
    public async Task C2_NestedLoadInsideAReaderOfTheLoadAroundIt_LeavesThatAlone()
    {
        Reading? nested = null;
        var outer = await App.ReadAsync(async db =>
        {
            await foreach (var import in db.Imports.AsNoTracking().AsAsyncEnumerable())
            {
                _ = import;
                nested ??= await App.LoadAsync(() => db.Countries.AsNoTracking().ToListAsync());
            }
        });
        Assert.Equal(CacheReason.OpenConnection, nested!.Refusal);
        Assert.Equal(CacheReason.None, outer.Refusal);
    }
}

public sealed class PostgresFreshSourceTests(PostgresServer server) : FreshSourceTests(server);

/// <summary>C2: every read of a load sees a state of the database from after its fence, or the load is not stored.</summary>
public abstract class FreshSourceTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public async Task C2_FreshContext_IsStored() =>
        Assert.Equal(CacheReason.None, (await App.ReadAsync(db => db.Imports.ToListAsync())).Refusal);

    [Fact]
    public async Task C2_ContextThatTrackedBefore_IsNotStored() => await App.UseAsync(async db =>
    {
        _ = await db.Imports.ToListAsync();
        Assert.Equal(CacheReason.UsedContext, (await App.LoadAsync(() => db.Imports.ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_ContextThatTracksNothing_IsStored() => await App.UseAsync(async db =>
    {
        _ = await db.Imports.AsNoTracking().ToListAsync();
        Assert.Equal(CacheReason.None, (await App.LoadAsync(() => db.Imports.ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_SameContextWithinTheLoad_IsStored() =>
        Assert.Equal(CacheReason.None, (await App.ReadAsync(async db =>
        {
            _ = await db.Imports.ToListAsync();
            _ = await db.Mappings.ToListAsync();
        })).Refusal);

    [Fact]
    public async Task C2_UnsavedChanges_AreNotStored() => await App.UseAsync(async db =>
    {
        db.Add(new Import { Id = 77, ClientId = 1 });
        Assert.Equal(CacheReason.LocalChanges, (await App.LoadAsync(() => db.Imports.ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_Transaction_IsNotStored() =>
        Assert.Equal(CacheReason.AmbientTransaction, (await App.ReadAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            _ = await db.Imports.ToListAsync();
        })).Refusal);

    [Fact]
    public async Task C2_ConnectionThatWasOpenBefore_IsNotStored_AndSaysSo() => await App.UseAsync(async db =>
    {
        await db.Database.OpenConnectionAsync();
        Assert.Equal(CacheReason.OpenConnection, (await App.LoadAsync(() => db.Imports.AsNoTracking().ToListAsync())).Refusal);
        Assert.Equal(CacheReason.OpenConnection, (await App.LoadAsync(() => db.Imports.AsNoTracking().ToListAsync())).Refusal);
        Assert.Single(App.Log.Lines, l => l.Contains("on a connection that was open before it began", StringComparison.Ordinal));
        await db.Database.CloseConnectionAsync();
        Assert.Equal(CacheReason.None, (await App.LoadAsync(() => db.Imports.AsNoTracking().ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_ConnectionOpenedByItselfBefore_IsNotStored() => await App.UseAsync(async db =>
    {
        await db.Database.GetDbConnection().OpenAsync();
        Assert.Equal(CacheReason.OpenConnection, (await App.LoadAsync(() => db.Imports.AsNoTracking().ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_TransactionBegunByACommandBefore_IsNotStored() => await App.UseAsync(async db =>
    {
        await db.Database.OpenConnectionAsync();
        await using var begin = db.Database.GetDbConnection().CreateCommand();
        begin.CommandText = "BEGIN";
        await begin.ExecuteNonQueryAsync();
        Assert.Equal(CacheReason.OpenConnection, (await App.LoadAsync(() => db.Imports.AsNoTracking().ToListAsync())).Refusal);
    });

    [Fact]
    public async Task C2_ConnectionOpenedInTheLoad_IsStored() =>
        Assert.Equal(CacheReason.None, (await App.ReadAsync(async db =>
        {
            await db.Database.OpenConnectionAsync();
            _ = await db.Imports.ToListAsync();
            _ = await db.Mappings.ToListAsync();
        })).Refusal);

    [Fact]
    public async Task WriteInALoad_IsNotStored()
    {
        Assert.Equal(CacheReason.WroteDuringLoad, (await App.ReadAsync(async db =>
        {
            db.Add(new Import { Id = 77, ClientId = 1 });
            await db.SaveChangesAsync();
        })).Refusal);
        Assert.Equal(
            CacheReason.WroteDuringLoad,
            (await App.ReadAsync(db => db.Imports.ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, "x")))).Refusal);
    }

    [Fact]
    public async Task WaysToRead_AllDependOnWhatTheyRead()
    {
        async Task SeesImport(Func<TestDb, Task> read) =>
            Assert.Contains((await App.ReadAsync(read)).Dependencies, d => d.StartsWith("(public): import/", StringComparison.Ordinal));

        var byName = EF.CompileAsyncQuery((TestDb db, string name) => db.Imports.FirstOrDefault(i => i.Name == name));
        await SeesImport(db => db.Imports.FirstAsync(i => i.Id == 42));
        await SeesImport(db => db.Imports.FindAsync(42).AsTask());
        await SeesImport(db =>
        {
            _ = db.Imports.Find(42);
            return Task.CompletedTask;
        });
        await SeesImport(db => byName(db, "i42"));
        // The second time the query is not compiled any more.
        await SeesImport(db => byName(db, "i42"));
        await SeesImport(db => db.Clients.Include(c => c.Imports).ToListAsync());
        await SeesImport(db => db.Clients.Include(c => c.Imports).AsSplitQuery().ToListAsync());
        await SeesImport(async db => await db.Entry(await db.Clients.FirstAsync()).Collection(c => c.Imports).LoadAsync());
        await SeesImport(async db => await db.Entry(await db.Mappings.FirstAsync()).Reference(m => m.Import).LoadAsync());
        await SeesImport(async db => await db.Entry(await db.Imports.FirstAsync(i => i.Id == 42)).ReloadAsync());
        await SeesImport(db => db.Database.SqlQuery<int>($"""SELECT "Id" AS "Value" FROM "Imports" """).ToListAsync());
        await SeesImport(async db =>
        {
            await foreach (var import in db.Imports.AsAsyncEnumerable())
                _ = import;
        });
    }
}
