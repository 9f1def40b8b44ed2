using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Schema;

/// <summary>An application with two contexts: what one cannot say may concern the types of the other.</summary>
public sealed class TwoContextsTests
{
    // Not understood: it may concern anything.
    private const string Unclear = "CREATE TABLE New (Id INTEGER)";

    private static Task<TestApp> StartAsync() => TestApp.StartAsync(null, services =>
    {
        services.AddDbContext<ArchiveDb>(o => o.UseSqlite("Data Source=archive;Mode=Memory;Cache=Shared"));
        services.AddFreshetCore().AddEntityFramework<ArchiveDb>();
    });

    [Fact]
    public async Task StatementThatIsNotUnderstood_TouchesTheTypesOfBoth()
    {
        await using var app = await StartAsync();
        var touched = await app.TouchedAsync(db => db.Database.ExecuteSqlRawAsync(Unclear));
        Assert.Contains("(public): Folder", touched, StringComparer.Ordinal);
        Assert.Contains("(public): mapping", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task NestedInATransactionOfTheOther_TouchesTheTypesOfBothAtOnce()
    {
        await using var app = await StartAsync();
        await using var open = new SqliteConnection("Data Source=archive;Mode=Memory;Cache=Shared");
        await open.OpenAsync();
        var touched = await app.TouchedAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await using (var scope = app.Services.CreateAsyncScope())
                await scope.ServiceProvider.GetRequiredService<ArchiveDb>().Database.ExecuteSqlRawAsync(Unclear);

            // The other's statement is committed; what encloses it here may yet be rolled back, and has nothing to do with it.
            Assert.Contains("(public): mapping", app.Store.Touched(), StringComparer.Ordinal);
            await transaction.RollbackAsync();
        });
        Assert.Contains("(public): Folder", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task UnclearReadOfOneInsideALoad_DependsOnTheTypesOfBoth()
    {
        await using var app = await StartAsync();
        await using var open = new SqliteConnection("Data Source=archive;Mode=Memory;Cache=Shared");
        await open.OpenAsync();
        await using var outer = app.Services.CreateAsyncScope();
        await using var inner = app.Services.CreateAsyncScope();
        var reading = await app.LoadAsync(async () =>
        {
            await outer.ServiceProvider.GetRequiredService<TestDb>().Countries.ToListAsync();
            await inner.ServiceProvider.GetRequiredService<ArchiveDb>().Database.SqlQueryRaw<string>("SELECT name AS Value FROM sqlite_master").ToListAsync();
        });
        Assert.Contains("(public): Folder/**", reading.Dependencies, StringComparer.Ordinal);
        Assert.Contains("(public): mapping/**", reading.Dependencies, StringComparer.Ordinal);

        await app.Invalidation.InvalidateAllAsync<Mapping>();
        Assert.False(reading.IsValid());
    }

    public sealed class ArchiveDb(DbContextOptions<ArchiveDb> options) : DbContext(options)
    {
        public DbSet<Folder> Folders => Set<Folder>();
    }

    public sealed class Folder
    {
        public int Id { get; set; }
    }
}
