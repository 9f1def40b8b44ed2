using Freshet.Coherence;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Freshet.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Registration;

/// <summary>A context whose constructor runs commands does so while the cache asks it for its model.</summary>
public sealed class BusyConstructorTests
{
    [Theory]
    [InlineData("creates")]
    [InlineData("creates on another thread")]
    [InlineData("reads")]
    [InlineData("writes")]
    public async Task ContextThatRunsCommandsInItsConstructor_Starts(string what)
    {
        RecordingStore? store = null;
        await using var app = await ShopApp.StartAsync(
            (s, c) => s.AddSingleton(new Work(what)).AddDbContext<BusyDb>(o => o.UseSqlite(c))
                .AddSingleton<IInvalidationStore>(p => store = new RecordingStore(new EmbeddedStore(p.GetRequiredService<TagClocks>(), 1024))),
            f => f.AddEntityFramework<BusyDb>());
        // What it wrote before its model was known may be anything.
        Assert.Equal(what is "writes" ? ["(default): Product", "(public): Product"] : [], store!.Touched().Distinct(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.StartsWith("(public): Product/", (await app.ReadAsync(p => p.GetRequiredService<BusyDb>())).Dependencies[^1], StringComparison.Ordinal);
    }

    private sealed record Work(string What);

    private sealed class BusyDb : ShopDb
    {
        public BusyDb(DbContextOptions<BusyDb> options, Work work)
            : base((DbContextOptions)options)
        {
            switch (work.What)
            {
                case "creates":
                    Database.EnsureCreated();
                    break;
                case "creates on another thread":
                    Task.Run(() => Database.EnsureCreatedAsync()).GetAwaiter().GetResult();
                    break;
                case "reads":
                    _ = Products.AsNoTracking().ToList();
                    break;
                default:
                    Products.Where(p => p.Id == 9).ExecuteDelete();
                    break;
            }
        }
    }
}
