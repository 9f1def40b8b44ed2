using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

/// <summary>Two contexts map a table to different types: what one writes drops what was read through the other.</summary>
public sealed class SharedTableTests : IAsyncLifetime
{
    private TestApp _app = null!;

    private sealed class MappingLine
    {
        public int Id { get; set; }

        public string Target { get; set; } = "";
    }

    private sealed class Person
    {
        public int Id { get; set; }

        public string Name { get; set; } = "";
    }

    private sealed class ReportDb(DbContextOptions<ReportDb> options) : DbContext(options)
    {
        public DbSet<MappingLine> Lines => Set<MappingLine>();

        public DbSet<Person> People => Set<Person>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<MappingLine>().ToTable("mappings", "main");
            modelBuilder.Entity<Person>().ToTable("Reviewers");
        }
    }

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(server: null, services =>
        {
            services.AddFreshetCore().AddEntityFramework<ReportDb>(model => model.Entity<MappingLine>("line"));
            services.AddDbContext<ReportDb>((p, b) => b.UseSqlite(p.GetRequiredService<TestDb>().Database.GetConnectionString()));
        });
        await _app.SeedAsync(
            new Client { Id = 1 },
            new Import { Id = 42, ClientId = 1 },
            new Mapping { Id = 7, ImportId = 42, Target = "a" },
            new Mapping { Id = 8, ImportId = 42, Target = "a" },
            new Reviewer { Id = 5, Name = "r5" });
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public static TheoryData<string> Writes => ["save", "delete", "update", "delete by query", "raw"];

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task WrittenThroughTheFirst_DropsWhatTheSecondRead(string write)
    {
        var one = await ReadAsync(db => db.Lines.AsNoTracking().SingleAsync(l => l.Id == 7));
        var all = await ReadAsync(db => db.Lines.CountAsync(l => l.Target == "a"));
        await _app.UseAsync(db => WriteAsync(db, db.Mappings.Where(m => m.Id == 7), write));
        Assert.False(one.IsValid());
        Assert.False(all.IsValid());
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task WrittenThroughTheSecond_DropsWhatTheFirstRead(string write)
    {
        var one = await _app.ReadAsync(db => db.Mappings.AsNoTracking().SingleAsync(m => m.Id == 7));
        var all = await _app.ReadAsync(db => db.Mappings.CountAsync(m => m.ImportId == 42));
        await UseAsync(db => WriteAsync(db, db.Lines.Where(l => l.Id == 7), write));
        Assert.False(one.IsValid());
        Assert.False(all.IsValid());
    }

    [Fact]
    public async Task DeletedByTheDatabase_DropsWhatTheSecondRead()
    {
        var reading = await ReadAsync(db => db.Lines.AsNoTracking().SingleAsync(l => l.Id == 7));
        await _app.UseAsync(db => db.Imports.Where(i => i.Id == 42).ExecuteDeleteAsync());
        Assert.False(reading.IsValid());
    }

    [Fact]
    public async Task WrittenThroughTheSecond_TouchesWhatIsDerivedFromTheTypeOfTheFirst()
    {
        _app.Store.Clear();
        await UseAsync(async db =>
        {
            (await db.People.SingleAsync(p => p.Id == 5)).Name = "x";
            await db.SaveChangesAsync();
        });
        Assert.Contains("(public): context", _app.Store.Touched(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task OtherRowsOfTheTypeThatWasWritten_StayValid()
    {
        var reading = await _app.ReadAsync(db => db.Mappings.AsNoTracking().SingleAsync(m => m.Id == 8));
        var other = await ReadAsync(db => db.People.AsNoTracking().SingleAsync(p => p.Id == 5));
        await _app.UseAsync(db => WriteAsync(db, db.Mappings.Where(m => m.Id == 7), "save"));
        Assert.True(reading.IsValid());
        Assert.True(other.IsValid());
    }

    private static async Task WriteAsync<T>(DbContext db, IQueryable<T> rows, string write)
        where T : class
    {
        switch (write)
        {
            case "save":
                db.Entry(await rows.SingleAsync()).Property("Target").CurrentValue = "b";
                await db.SaveChangesAsync();
                break;
            case "delete":
                db.Remove(await rows.SingleAsync());
                await db.SaveChangesAsync();
                break;
            case "update":
                await rows.ExecuteUpdateAsync(s => s.SetProperty(r => EF.Property<string>(r, "Target"), "b"));
                break;
            case "delete by query":
                await rows.ExecuteDeleteAsync();
                break;
            default:
                await db.Database.ExecuteSqlRawAsync("UPDATE mappings SET Target = 'b' WHERE Id = 7");
                break;
        }
    }

    private async Task UseAsync(Func<ReportDb, Task> use)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        await use(scope.ServiceProvider.GetRequiredService<ReportDb>());
    }

    private Task<Reading> ReadAsync(Func<ReportDb, Task> read) => _app.LoadAsync(() => UseAsync(read));
}
