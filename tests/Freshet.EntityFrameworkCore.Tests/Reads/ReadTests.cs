using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteReadTests() : ReadTests(null);

public sealed class PostgresReadTests(PostgresServer server) : ReadTests(server);

/// <summary>What a load depends on by each way to read.</summary>
public abstract class ReadTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public async Task ByKey_DependsOnTheRow()
    {
        var id = 42;
        Assert.Equal(["(public): import/42"], (await App.ReadAsync(db => db.Imports.FirstAsync(i => i.Id == id))).Dependencies);
        Assert.Equal(["(public): import/42"], (await App.ReadAsync(db => db.Imports.SingleAsync(i => i.Id == 42))).Dependencies);
        Assert.Equal(["(public): import/42"], (await App.ReadAsync(db => db.Imports.FindAsync(id).AsTask())).Dependencies);
        Assert.Equal(["(public): import/42"], (await App.ReadAsync(db => db.Imports.AnyAsync(i => id == i.Id && i.Name != ""))).Dependencies);
        Assert.Equal(["(public): country/sk"], (await App.ReadAsync(db => db.Countries.FirstAsync(c => c.Code == "sk"))).Dependencies);
    }

    [Fact]
    public async Task ByKeyThatIsAbsent_DependsOnTheRowThatMayCome()
    {
        var reading = await App.ReadAsync(db => db.Imports.FindAsync(99).AsTask());
        Assert.Equal(["(public): import/99"], reading.Dependencies);
        await App.UseAsync(async db =>
        {
            db.Add(new Import { Id = 99, ClientId = 1 });
            await db.SaveChangesAsync();
        });
        Assert.False(reading.IsValid());
    }

    [Fact]
    public async Task ByParent_DependsOnItsCollection()
    {
        var id = 42;
        Assert.Equal(
            ["(public): mapping/@import/42"],
            (await App.ReadAsync(db => db.Mappings.Where(m => m.ImportId == id && m.Target != "x").OrderBy(m => m.Id).Take(5).ToListAsync())).Dependencies);
    }

    [Fact]
    public async Task ByNothingKnown_DependsOnTheSubtree()
    {
        Assert.Equal(["(public): mapping/**"], (await App.ReadAsync(db => db.Mappings.Where(m => m.Target == "a").ToListAsync())).Dependencies);
        Assert.Equal(["(public): mapping/**"], (await App.ReadAsync(db => db.Mappings.CountAsync())).Dependencies);
        Assert.Equal(
            ["(public): mapping/**"],
            (await App.ReadAsync(db => db.Mappings.Where(m => m.Id == 7 || m.Target == "a").ToListAsync())).Dependencies);
        Assert.Contains(App.Log.Lines, l => l.Contains("mapping/**", StringComparison.Ordinal) && l.Contains("no equality on its key or a parent", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SeveralKeys_DependOnEachRow()
    {
        int[] ids = [42, 43];
        Assert.Equal(
            ["(public): import/42", "(public): import/43"],
            (await App.ReadAsync(db => db.Imports.Where(i => ids.Contains(i.Id)).ToListAsync())).Dependencies);
    }

    [Fact]
    public async Task Include_DependsOnTheRowAndItsCollection()
    {
        var id = 42;
        string[] expected = ["(public): import/42", "(public): mapping/@import/42"];
        Assert.Equal(expected, (await App.ReadAsync(db => db.Imports.Include(i => i.Mappings).FirstAsync(i => i.Id == id))).Dependencies);
        Assert.Equal(expected, (await App.ReadAsync(db => db.Imports.Include(i => i.Mappings).AsSplitQuery().FirstAsync(i => i.Id == id))).Dependencies);
        Assert.Equal(
            ["(public): client/**", "(public): import/42"],
            (await App.ReadAsync(db => db.Imports.Include(i => i.Client).FirstAsync(i => i.Id == id))).Dependencies);
    }
}
