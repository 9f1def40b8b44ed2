using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteKeyValueTests() : KeyValueTests(null);

public sealed class PostgresKeyValueTests(PostgresServer server) : KeyValueTests(server);

/// <summary>
/// A read by a value and a write of a row with that value speak of the same tag, whatever the value's type and converter:
/// one formatter, fed by parameters on the one side and by properties on the other.
/// </summary>
public abstract class KeyValueTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public async Task StringKeys_OfAnyText_MeetTheirWrites()
    {
        var random = new Random(11);
        char[] alphabet = ['a', 'A', 'á', 'ß', ' ', '/', '%', '*', '@', '\'', '"', '\\', 'İ', '\u0301', '字', '~'];
        var codes = Enumerable.Range(0, 40)
            .Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => alphabet[random.Next(alphabet.Length)])))
            .Append("@@x").Append("x ").Append("x").Append("X")
            .Distinct(StringComparer.Ordinal).ToArray();
        foreach (var code in codes)
        {
            var reading = await App.ReadAsync(db => db.Countries.FirstOrDefaultAsync(c => c.Code == code));
            Assert.DoesNotContain("**", Assert.Single(reading.Dependencies), StringComparison.Ordinal);
            var others = await App.ReadAsync(db => db.Countries.FirstOrDefaultAsync(c => c.Code == code + "other"));
            await App.UseAsync(async db =>
            {
                db.Add(new Country { Code = code });
                await db.SaveChangesAsync();
            });
            Assert.False(reading.IsValid(), code);
            Assert.True(others.IsValid(), code);
        }
    }

    [Fact]
    public async Task ConvertedGuidKeys_MeetTheirWrites()
    {
        for (var i = 0; i < 5; i++)
        {
            var id = new AssetId(Guid.CreateVersion7());
            var reading = await App.ReadAsync(db => db.Assets.FirstOrDefaultAsync(a => a.Id == id));
            Assert.Equal(["(public): asset", $"t1: asset/{id.Value:D}"], reading.Dependencies);
            var found = await App.ReadAsync(db => db.Assets.IgnoreQueryFilters().Where(a => a.Tenant == "t1" && a.Id == id).ToListAsync());
            Assert.Equal(reading.Dependencies, found.Dependencies);
            await App.UseAsync(async db =>
            {
                db.Add(new Asset { Id = id, Tenant = "t1" });
                await db.SaveChangesAsync();
            });
            Assert.False(reading.IsValid());
            Assert.False(found.IsValid());
        }
    }

    [Fact]
    public async Task ManyKeys_DependOnTheType()
    {
        var ids = Enumerable.Range(1, 100).ToArray();
        Assert.Equal(["(public): import/**"], (await App.ReadAsync(db => db.Imports.Where(i => ids.Contains(i.Id)).ToListAsync())).Dependencies);
    }

    [Fact]
    public async Task NullKey_DependsOnTheType()
    {
        int? none = null;
        Assert.Equal(["(public): mapping/**"], (await App.ReadAsync(db => db.Mappings.Where(m => m.ReviewerId == none).ToListAsync())).Dependencies);
    }

    [Fact]
    public async Task ValueOfAnotherType_DependsOnTheType()
    {
        // SQLite compares 42 and '042' as equal where the column says so; PostgreSQL says no by itself.
        if (!IsSqlite)
            return;
        var reading = await App.ReadAsync(db => db.Imports.FromSql($"""SELECT * FROM "Imports" WHERE "Id" = {"042"}""").ToListAsync());
        Assert.Equal(["(public): import/**"], reading.Dependencies);
    }
}
