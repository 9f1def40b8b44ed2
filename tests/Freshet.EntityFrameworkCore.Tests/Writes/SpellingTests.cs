using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteSpellingTests() : SpellingTests(null);

public sealed class PostgresSpellingTests(PostgresServer server) : SpellingTests(server);

/// <summary>A key has many spellings, and a row's tag has one: who names a row by hand means the row.</summary>
public abstract class SpellingTests(PostgresServer? server) : DatabaseTests(server)
{
    private static readonly Guid Asset = Guid.Parse("0f8fad5b-d9cb-469f-a165-70867728950e");

    public static TheoryData<string> Imports => ["import/42", "import/042", "import/+42", "import/0x2A", "import/042/mappings", "import/forty-two", "import/**"];

    public static TheoryData<string> Assets =>
        [$"asset/{Asset:D}", $"asset/{Asset:D}".ToUpperInvariant().Replace("ASSET", "asset", StringComparison.Ordinal), $"asset/{Asset:B}", $"asset/{Asset:N}", "asset/none"];

    [Theory]
    [MemberData(nameof(Imports))]
    public async Task LoadThatNamesARow_EndsWhenItIsWritten(string named)
    {
        var reading = await LoadAsync(named);
        Assert.True(reading.IsValid());
        await App.UseAsync(db => db.Imports.Where(i => i.Id == 42).ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, "x")));
        Assert.False(reading.IsValid());
    }

    [Fact]
    public async Task LoadThatNamesARow_StaysWhenAnotherIsWritten()
    {
        var reading = await LoadAsync("import/042");
        await App.UseAsync(async db =>
        {
            (await db.Imports.SingleAsync(i => i.Id == 43)).Name = "x";
            await db.SaveChangesAsync();
        });
        Assert.True(reading.IsValid());
    }

    [Theory]
    [InlineData("mapping/@import/042")]
    [InlineData("mapping/@import/0x2a")]
    public async Task LoadThatNamesACollection_EndsWhenARowOfItIsWritten(string named)
    {
        var reading = await LoadAsync(named);
        await App.UseAsync(async db =>
        {
            db.Add(new Mapping { ImportId = 42, Target = "new" });
            await db.SaveChangesAsync();
        });
        Assert.False(reading.IsValid());
    }

    [Theory]
    [MemberData(nameof(Assets))]
    public async Task LoadThatNamesARowByGuid_EndsWhenItIsWritten(string named)
    {
        await App.SeedAsync(new Asset { Id = new AssetId(Asset), Tenant = "t1", Name = "a" });
        var reading = await LoadAsync(named);
        await App.UseAsync(async db =>
        {
            (await db.Set<Asset>().SingleAsync()).Name = "b";
            await db.SaveChangesAsync();
        });
        Assert.False(reading.IsValid());
    }

    [Theory]
    [InlineData("import/42")]
    [InlineData("import/042")]
    [InlineData("import/0x2A")]
    [InlineData("import/forty-two")]
    public async Task TagThatIsTouched_EndsWhatWasReadOfTheRow(string named)
    {
        await AssertEndsAsync(() => App.Invalidation.InvalidateAsync(Tag.Parse(named)));
        await AssertEndsAsync(() => App.Services.GetRequiredService<HybridCache>().RemoveByTagAsync(named));
    }

    [Theory]
    [InlineData("42")]
    [InlineData("042")]
    [InlineData("forty-two")]
    public async Task KeyThatIsTouched_EndsWhatWasReadOfTheRow(string key) => await AssertEndsAsync(() => App.Invalidation.InvalidateAsync<Import>(key));

    [Fact]
    public void Explain_NamesTheRowThatIsMeant() =>
        Assert.Contains(App.Invalidation.Explain(Tag.Parse("import/042")), e => e.Tag.ToString() == "import/42");

    private Task<Reading> LoadAsync(string named) => App.LoadAsync(() =>
    {
        LoadScope.Current!.DependsOn(named.EndsWith("/**", StringComparison.Ordinal) ? Tag.Parse(named[..^3]).Subtree : Tag.Parse(named));
        return Task.CompletedTask;
    });

    private async Task AssertEndsAsync(Func<ValueTask> touch)
    {
        var reading = await App.ReadAsync(db => db.Imports.AsNoTracking().SingleAsync(i => i.Id == 42));
        using (App.Services.GetRequiredService<TenantContext>().Enter("t1"))
            await touch();
        Assert.False(reading.IsValid());
    }
}
