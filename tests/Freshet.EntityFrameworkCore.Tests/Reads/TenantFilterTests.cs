using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteTenantFilterTests() : TenantFilterTests(null);

public sealed class PostgresTenantFilterTests(PostgresServer server) : TenantFilterTests(server);

/// <summary>
/// The usual filter of a multi-tenant application: who has a tenant sees its rows, and who has none sees all. It is judged by the values
/// of each command.
/// </summary>
public abstract class TenantFilterTests(PostgresServer? server) : IAsyncLifetime
{
    private static readonly Dictionary<string, ISpelt> Spellings = new(StringComparer.Ordinal);

    private readonly string _file = Path.GetTempFileName();
    private TestApp _app = null!;

    static TenantFilterTests()
    {
        Add<Spelling.NullTenant>();
        Add<Spelling.HasTenant>();
        Add<Spelling.IsNullOrEmpty>();
        Add<Spelling.IsAdmin>();
        Add<Spelling.AdminLast>();
        Add<Spelling.NotDeleted>();
        Add<Spelling.TwoFilters>();
        Add<Spelling.Ternary>();
        Add<Spelling.TernaryReversed>();
        Add<Spelling.AndOfGuards>();
        Add<Spelling.EitherWay>();
        Add<Spelling.Negated>();
        Add<Spelling.Service>();
        Add<Spelling.Flag>();
    }

    private interface ISpelt
    {
        void Declare(EntityModelBuilder model);

        IQueryable<ITicket> Of(FilteredDb db);

        ITicket New();
    }

    private static void Add<TSpelling>() => Spellings.Add(typeof(TSpelling).Name, new Spelt<TSpelling>());

    public async ValueTask InitializeAsync()
    {
        var connection = server is null ? $"Data Source={_file}" : await server.CreateDatabaseAsync();
        _app = await TestApp.StartAsync(server, services =>
        {
            services.AddDbContext<FilteredDb>(o => _ = server is null ? o.UseSqlite(connection) : o.UseNpgsql(connection));
            services.AddFreshetCore().AddEntityFramework<FilteredDb>(model =>
            {
                foreach (var spelling in Spellings.Values)
                    spelling.Declare(model);
            });
        });
        await UseAsync("t1", db => db.Database.EnsureCreatedAsync());
        foreach (var spelling in Spellings.Values)
        {
            await UseAsync("t1", db =>
            {
                foreach (var (id, tenant) in new[] { (1, "t1"), (2, "t2") })
                {
                    var ticket = spelling.New();
                    (ticket.Id, ticket.Tenant) = (id, tenant);
                    db.Add(ticket);
                }

                return db.SaveChangesAsync();
            });
        }

        _app.Store.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _app.DisposeAsync();
        SqliteConnection.ClearAllPools();
        File.Delete(_file);
    }

    private async Task UseAsync(string? tenant, Func<FilteredDb, Task> use)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FilteredDb>();
        db.TenantName = tenant;
        await use(db);
    }

    private async Task<Reading> ReadAsync(string? tenant, Func<FilteredDb, Task> read)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return await _app.LoadAsync(() =>
        {
            var db = scope.ServiceProvider.GetRequiredService<FilteredDb>();
            db.TenantName = tenant;
            return read(db);
        });
    }

    private Task RenameAsync(ISpelt spelling, string tenant) => UseAsync(tenant, async db =>
    {
        (await spelling.Of(db).Where(t => t.Tenant == tenant).SingleAsync()).Title += "x";
        await db.SaveChangesAsync();
    });

    [Fact]
    public async Task UsualFilterWithATenant_IsStoredUntilAWriteOfThatTenant()
    {
        foreach (var (name, spelling) in Spellings)
        {
            var all = await ReadAsync("t1", db => spelling.Of(db).ToListAsync());
            var one = await ReadAsync("t1", db => spelling.Of(db).FirstOrDefaultAsync(t => t.Id == 1));
            var other = await ReadAsync("t2", db => spelling.Of(db).CountAsync());
            Assert.Equal([$"(public): {name}", $"t1: {name}/**"], all.Dependencies);
            Assert.Equal([$"(public): {name}", $"t1: {name}/1"], one.Dependencies);
            Assert.Equal([$"(public): {name}", $"t2: {name}/**"], other.Dependencies);
            Assert.All([all, one, other], r => Assert.Equal(CacheReason.None, r.Refusal));

            await RenameAsync(spelling, "t2");
            Assert.True(all.IsValid(), name);
            Assert.True(one.IsValid(), name);
            Assert.False(other.IsValid(), name);
            await RenameAsync(spelling, "t1");
            Assert.False(all.IsValid(), name);
            Assert.False(one.IsValid(), name);
        }
    }

    [Fact]
    public async Task UsualFilterWithoutATenant_IsNotStored_AndSaysWhy()
    {
        foreach (var (name, spelling) in Spellings)
        {
            // What was found for a tenant says nothing of those who see all.
            Assert.Equal(CacheReason.None, (await ReadAsync("t1", db => spelling.Of(db).ToListAsync())).Refusal);
            var count = 0;
            var reading = await ReadAsync(null, async db => count = await spelling.Of(db).CountAsync());
            Assert.Equal(2, count);
            Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
            Assert.StartsWith($"the tenant of {name} is not in the query: ", reading.Detail, StringComparison.Ordinal);
            Assert.Equal(CacheReason.None, (await ReadAsync("t1", db => spelling.Of(db).ToListAsync())).Refusal);
        }
    }

    [Fact]
    public async Task FlagThatShowsAllTenants_IsTheReasonThatIsTold()
    {
        var reading = await ReadAsync("t1", db =>
        {
            db.SeesAll = true;
            return db.Set<Ticket<Spelling.Flag>>().ToListAsync();
        });
        Assert.Equal(CacheReason.UnknownSource, reading.Refusal);
        Assert.Equal(
            "the tenant of Flag is not in the query: a condition of parameters alone is true and takes the place of others", reading.Detail);
    }

    [Fact]
    public async Task FiltersOfSeveralTypesInOneCommand_AreEachJudged()
    {
        var readings = new List<Reading>
        {
            await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().Include(t => t.Comments).ToListAsync()),
            await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().Include(t => t.Comments).AsSplitQuery().ToListAsync()),
            await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().Where(t => t.Comments.Any(c => c.Text != "x")).ToListAsync()),
            await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().OrderBy(t => t.Title).Take(3).Select(t => new { t.Id, t.Comments.Count }).ToListAsync()),
            await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().Select(t => new { t.Id, Last = t.Comments.OrderBy(c => c.Id).Take(2).ToList() }).ToListAsync()),
        };
        Assert.All(readings, r => Assert.Equal(
            ["(public): NullTenant", "(public): NullTenantComment", "t1: NullTenant/**", "t1: NullTenantComment/**"], r.Dependencies));
        Assert.All(readings, r => Assert.Equal(CacheReason.None, r.Refusal));

        var ofTicket = await ReadAsync("t1", db => db.Set<Ticket<Spelling.NullTenant>>().Include(t => t.Comments).FirstOrDefaultAsync(t => t.Id == 1));
        Assert.Contains("t1: NullTenantComment/@NullTenant/1", ofTicket.Dependencies, StringComparer.Ordinal);
        await UseAsync("t2", async db =>
        {
            db.Add(new Comment<Spelling.NullTenant> { TicketId = 2, Tenant = "t2" });
            await db.SaveChangesAsync();
        });
        Assert.All(readings.Append(ofTicket), r => Assert.True(r.IsValid()));
        await UseAsync("t1", async db =>
        {
            db.Add(new Comment<Spelling.NullTenant> { TicketId = 1, Tenant = "t1" });
            await db.SaveChangesAsync();
        });
        Assert.All(readings.Append(ofTicket), r => Assert.False(r.IsValid()));
    }

    [Fact]
    public async Task BulkWriteBehindTheFilter_TouchesTheTenantOrEveryTenant()
    {
        foreach (var (name, spelling) in Spellings)
        {
            var first = await ReadAsync("t1", db => spelling.Of(db).ToListAsync());
            var second = await ReadAsync("t2", db => spelling.Of(db).ToListAsync());
            await UseAsync("t1", db => spelling.Of(db).ExecuteUpdateAsync(s => s.SetProperty(t => t.Title, "bulk")));
            Assert.False(first.IsValid(), name);
            Assert.True(second.IsValid(), name);
            await UseAsync(null, db => spelling.Of(db).ExecuteUpdateAsync(s => s.SetProperty(t => t.Title, "all")));
            Assert.False(second.IsValid(), name);

            second = await ReadAsync("t2", db => spelling.Of(db).ToListAsync());
            await UseAsync("t1", db => spelling.Of(db).Where(t => t.Id == 1).ExecuteDeleteAsync());
            Assert.True(second.IsValid(), name);
            await UseAsync(null, db => spelling.Of(db).ExecuteDeleteAsync());
            Assert.False(second.IsValid(), name);
        }
    }

    private sealed class Spelt<TSpelling> : ISpelt
    {
        public void Declare(EntityModelBuilder model)
        {
            model.Entity<Ticket<TSpelling>>(typeof(TSpelling).Name).Tenant(t => t.Tenant);
            model.Entity<Comment<TSpelling>>(typeof(TSpelling).Name + "Comment").Tenant(c => c.Tenant).Parent<Ticket<TSpelling>>(c => c.TicketId);
        }

        public IQueryable<ITicket> Of(FilteredDb db) => db.Set<Ticket<TSpelling>>();

        public ITicket New() => new Ticket<TSpelling>();
    }
}
