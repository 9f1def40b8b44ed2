using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteNestedFailureTests() : NestedFailureTests(null);

public sealed class PostgresNestedFailureTests(PostgresServer server) : NestedFailureTests(server);

/// <summary>C3: a cached handler that answers something else when a cached read of the database fails.</summary>
public abstract class NestedFailureTests(PostgresServer? server) : DatabaseTests(server)
{
    private int _loads;

    private HybridCache Cache => App.Services.GetRequiredService<HybridCache>();

    [Fact]
    public async Task C3_RowIsMissing_TheAnswerChangesWhenItAppears()
    {
        Assert.Equal("there is none", await AnswerAsync(99));
        Assert.Equal(("there is none", 1), (await AnswerAsync(99), _loads));

        await App.UseAsync(async db =>
        {
            db.Add(new Import { Id = 99, ClientId = 1, Name = "i99" });
            await db.SaveChangesAsync();
        });

        Assert.Equal("i99", await AnswerAsync(99));
    }

    [Fact]
    public async Task C3_MoreRowsThanOne_TheAnswerChangesWhenOneGoes()
    {
        Task<string> ReadAsync() => OuterAsync(() => InnerAsync(db => db.Imports.Where(i => i.ClientId == 1).SingleAsync()));
        Assert.Equal("there is none", await ReadAsync());

        await App.UseAsync(async db => await db.Imports.Where(i => i.Id == 43).ExecuteDeleteAsync());

        Assert.Equal("i42", await ReadAsync());
    }

    [Fact]
    public async Task C3_RowThatMakesTheCodeFailIsChanged_TheAnswerChanges()
    {
        Task<string> ReadAsync() => OuterAsync(() => InnerAsync(async db =>
        {
            var import = await db.Imports.SingleAsync(i => i.Id == 42);
            return import.Name == "i42" ? throw new InvalidOperationException("not that one") : import;
        }));
        Assert.Equal("there is none", await ReadAsync());

        await App.UseAsync(async db =>
        {
            (await db.Imports.SingleAsync(i => i.Id == 42)).Name = "other";
            await db.SaveChangesAsync();
        });

        Assert.Equal("other", await ReadAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C3_NoConnection_TheAnswerIsNotStored(bool isNested)
    {
        var isDown = true;
        async Task<Import> FindAsync(TestDb db)
        {
            if (isDown)
                db.Database.SetConnectionString(IsSqlite ? "Data Source=/nowhere/at/all.db;Mode=ReadOnly" : "Host=127.0.0.1;Port=1;Timeout=1");
            return await db.Imports.SingleAsync(i => i.Id == 42);
        }

        Task<string> ReadAsync() => OuterAsync(() => isNested ? InnerAsync(FindAsync) : UseAsync(FindAsync));
        Assert.Equal("there is none", await ReadAsync());

        isDown = false;

        Assert.Equal("i42", await ReadAsync());
    }

    [Fact]
    public async Task C3_CommandFails_TheAnswerIsNotStored()
    {
        var isBroken = true;
        Task<string> ReadAsync() => OuterAsync(() => UseAsync(async db =>
        {
            if (isBroken)
                await db.Database.SqlQueryRaw<int>("SELECT no_such_column AS \"Value\" FROM \"Imports\"").ToListAsync();
            return await db.Imports.SingleAsync(i => i.Id == 42);
        }));
        Assert.Equal("there is none", await ReadAsync());

        isBroken = false;

        Assert.Equal("i42", await ReadAsync());
    }

    private Task<string> AnswerAsync(int id) => OuterAsync(() => InnerAsync(db => db.Imports.SingleAsync(i => i.Id == id)));

    private async Task<string> OuterAsync(Func<Task<string>> read) => await Cache.GetOrCreateAsync("outer", async _ =>
    {
        _loads++;
        try
        {
            return await read();
        }
        catch (Exception)
        {
            return "there is none";
        }
    });

    private async Task<string> InnerAsync(Func<TestDb, Task<Import>> find) => await Cache.GetOrCreateAsync("inner", async _ => await UseAsync(find));

    private async Task<string> UseAsync(Func<TestDb, Task<Import>> find)
    {
        var name = "";
        await App.UseAsync(async db => name = (await find(db)).Name);
        return name;
    }
}
