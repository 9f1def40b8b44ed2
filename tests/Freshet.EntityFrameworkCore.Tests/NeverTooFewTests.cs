using System.Globalization;
using System.Text.Json;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests;

public sealed class SqliteNeverTooFewTests() : NeverTooFewTests(null);

public sealed class PostgresNeverTooFewTests(PostgresServer server) : NeverTooFewTests(server);

/// <summary>
/// The property that all the rest serves: when a write changes what a read would answer, what the read depends on has been
/// touched. Seeded runs of random reads and writes of every kind against a real database; a failure prints its seed.
/// </summary>
public abstract class NeverTooFewTests(PostgresServer? server) : DatabaseTests(server)
{
    private const int Steps = 50;

    /// <summary>A read by name: the same query can be run again to see whether its answer has changed.</summary>
    private sealed record Read(string Name, Func<TestDb, Task<object?>> Run);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task AnswerThatChanged_WasTouched(int seed)
    {
        var random = new Random(seed);
        await SeedAsync();
        var spared = 0;
        for (var step = 0; step < Steps; step++)
        {
            await App.UseAsync(db => TopUpAsync(db));
            var reads = Enumerable.Range(0, 6).Select(_ => RandomRead(random)).ToArray();
            var before = new List<(Read Read, Reading Reading, string Answer)>();
            foreach (var read in reads)
            {
                var answer = "";
                var reading = await App.ReadAsync(async db => answer = Text(await read.Run(db)));
                before.Add((read, reading, answer));
            }

            var (write, run) = RandomWrite(random);
            await App.UseAsync(run);
            foreach (var (read, reading, answer) in before)
            {
                if (reading.Refusal is not CacheReason.None || !reading.IsValid())
                    continue;
                spared++;
                var now = "";
                await App.UseAsync(async db => now = Text(await read.Run(db)));
                Assert.True(
                    answer == now,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Seed {seed}, step {step}: '{write}' changed '{read.Name}' and touched none of {string.Join(", ", reading.Dependencies)}.\n{answer}\n{now}"));
            }
        }

        // Touching everything always would be right, too.
        Assert.True(spared > Steps, $"Only {spared} of {Steps * 6} reads outlived a write.");
    }

    private static string Text(object? answer) => JsonSerializer.Serialize(answer);

    private Task SeedAsync() => App.SeedAsync(
        [
            new Client { Id = 2, Name = "c2" },
            new Reviewer { Id = 6, Name = "r6" },
            .. Enumerable.Range(1, 4).Select(i => new Import { Id = i, ClientId = (i % 2) + 1, Name = $"i{i}" }),
            .. Enumerable.Range(101, 8).Select(i => new Mapping { Id = i, ImportId = (i % 4) + 1, Target = $"m{i}", ReviewerId = i % 3 == 0 ? 5 : null }),
            .. Enumerable.Range(101, 8).Select(i => new Note { Id = i, MappingId = 101 + (i % 8), Text = $"n{i}" }),
            .. Enumerable.Range(1, 4).Select(i => new Document { Tenant = $"t{(i % 2) + 1}", Id = i, Title = "d", Pages = { new Page { Number = 1 }, new Page { Number = 2 } } }),
            .. Enumerable.Range(1, 3).Select(i => new Order { Id = i, Number = $"o{i}", Address = new Address { City = "x" }, Lines = { new Line { Product = "p" } } }),
            new Dog { Id = 1, Name = "d" },
            new Cat { Id = 2, Name = "c" },
        ]);

    private static Read RandomRead(Random random)
    {
        int import = random.Next(1, 5), mapping = random.Next(101, 109), client = random.Next(1, 3), reviewer = random.Next(5, 7);
        var (tenant, document) = ($"t{random.Next(1, 3)}", random.Next(1, 5));
        int[] imports = [import, random.Next(1, 5)];
        string Of(string name) => string.Create(CultureInfo.InvariantCulture, $"{name} (import {import}, mapping {mapping}, client {client}, reviewer {reviewer}, {tenant}/{document})");
        Read[] reads =
        [
            new("mapping by key", async db => await db.Mappings.AsNoTracking().Where(m => m.Id == mapping).Select(m => new { m.Target, m.ImportId, m.Status }).FirstOrDefaultAsync()),
            new("find", async db => await db.Mappings.FindAsync(mapping) is { } m ? new { m.Target, m.ImportId } : null),
            new("mappings of import", async db => await db.Mappings.Where(m => m.ImportId == import).OrderBy(m => m.Id).Select(m => new { m.Id, m.Target }).ToListAsync()),
            new("mappings of imports", async db => await db.Mappings.Where(m => imports.Contains(m.ImportId)).OrderBy(m => m.Id).Select(m => new { m.Id, m.Target }).ToListAsync()),
            new("mappings of reviewer", async db => await db.Mappings.Where(m => m.ReviewerId == reviewer).OrderBy(m => m.Id).Select(m => new { m.Id, m.Target }).ToListAsync()),
            new("count of mappings of import", async db => await db.Mappings.CountAsync(m => m.ImportId == import)),
            new("import with mappings", async db => await db.Imports.Where(i => i.Id == import)
                .Select(i => new { i.Name, Mappings = i.Mappings.OrderBy(m => m.Id).Select(m => new { m.Id, m.Target }).ToList() }).FirstOrDefaultAsync()),
            new("import with its latest mapping", async db => await db.Imports.Where(i => i.Id == import)
                .Select(i => new { i.Name, Last = i.Mappings.OrderByDescending(m => m.Id).Select(m => m.Target).FirstOrDefault(), i.Mappings.Count }).FirstOrDefaultAsync()),
            new("import, split, with mappings and notes", async db => (await db.Imports.Include(i => i.Mappings).ThenInclude(m => m.Notes).AsSplitQuery().AsNoTracking()
                .Where(i => i.Id == import).ToListAsync()).Select(i => new { i.Name, M = i.Mappings.OrderBy(m => m.Id).Select(m => new { m.Target, N = m.Notes.OrderBy(n => n.Id).Select(n => n.Text) }) })),
            new("import with client", async db => (await db.Imports.Include(i => i.Client).AsNoTracking().Where(i => i.Id == import).ToListAsync()).Select(i => new { i.Name, Client = i.Client!.Name })),
            new("mapping with import and reviewer", async db => await db.Mappings.Where(m => m.Id == mapping)
                .Select(m => new { m.Target, Import = m.Import!.Name, Reviewer = m.Reviewer!.Name }).FirstOrDefaultAsync()),
            new("client with imports", async db => (await db.Clients.Include(c => c.Imports.Where(i => i.Name != "hidden")).AsNoTracking().Where(c => c.Id == client).ToListAsync())
                .Select(c => new { c.Name, I = c.Imports.OrderBy(i => i.Id).Select(i => i.Name) })),
            new("imports that have mappings", async db => await db.Imports.Where(i => i.ClientId == client && i.Mappings.Any(m => m.Status == Status.Approved)).OrderBy(i => i.Id).Select(i => i.Id).ToListAsync()),
            new("notes of import", async db => await db.Notes.Where(n => db.Mappings.Any(m => m.Id == n.MappingId && m.ImportId == import)).OrderBy(n => n.Id).Select(n => n.Text).ToListAsync()),
            new("notes of mapping", async db => await db.Notes.Where(n => n.MappingId == mapping).OrderBy(n => n.Id).Select(n => n.Text).ToListAsync()),
            new("joined", async db => await (from m in db.Mappings join i in db.Imports on m.ImportId equals i.Id where i.Id == import && m.Target != "zz" orderby m.Id select new { i.Name, m.Target }).ToListAsync()),
            new("left joined", async db => await (from i in db.Imports
                                                  join m in db.Mappings on i.Id equals m.ImportId into ms
                                                  from m in ms.DefaultIfEmpty()
                                                  where i.Id == import
                                                  orderby m.Id
                                                  select new { i.Name, Target = m == null ? "-" : m.Target }).ToListAsync()),
            new("grouped", async db => await db.Mappings.GroupBy(m => m.ImportId).Select(g => new { g.Key, Count = g.Count() }).OrderBy(g => g.Key).ToListAsync()),
            new("union", async db => await db.Mappings.Where(m => m.ImportId == import).Select(m => m.Target).Union(db.Imports.Where(i => i.Id == import).Select(i => i.Name)).OrderBy(t => t).ToListAsync()),
            new("page after a limit", async db => await db.Mappings.OrderBy(m => m.Target).Take(3).Where(m => m.Id == mapping).Select(m => m.Target).ToListAsync()),
            new("limit of a parent, then join", async db => await db.Imports.Where(i => i.Id == import).Take(1).SelectMany(i => i.Mappings).OrderBy(m => m.Id).Select(m => m.Target).ToListAsync()),
            new("either", async db => await db.Mappings.Where(m => m.ImportId == import || m.Id == mapping).OrderBy(m => m.Id).Select(m => m.Target).ToListAsync()),
            new("null reviewer", async db => await db.Mappings.Where(m => m.ReviewerId == null && m.ImportId == import).OrderBy(m => m.Id).Select(m => m.Target).ToListAsync()),
            new("raw", async db => await db.Mappings.FromSql($"""SELECT * FROM "Mappings" WHERE "ImportId" = {import}""").OrderBy(m => m.Id).Select(m => m.Target).ToListAsync()),
            new("raw exists", async db => await db.Imports.FromSql($"""SELECT * FROM "Imports" i WHERE i."Id" = {import} AND EXISTS (SELECT 1 FROM "Mappings" m WHERE m."ImportId" = i."Id" AND m."Target" <> 'zz')""").Select(i => i.Name).ToListAsync()),
            new("document", async db => await db.Documents.Where(d => d.Tenant == tenant && d.Id == document).Select(d => new { d.Title, Pages = d.Pages.OrderBy(p => p.Number).Select(p => p.Text).ToList() }).FirstOrDefaultAsync()),
            new("documents of tenant", async db => await db.Documents.Where(d => d.Tenant == tenant).OrderBy(d => d.Id).Select(d => d.Title).ToListAsync()),
            new("pages", async db => await db.Pages.Where(p => p.Tenant == tenant && p.DocumentId == document).OrderBy(p => p.Number).Select(p => p.Text).ToListAsync()),
            new("order", async db => (await db.Orders.AsNoTracking().Where(o => o.Id == client).ToListAsync()).Select(o => new { o.Number, o.Address.City, L = o.Lines.OrderBy(l => l.Id).Select(l => l.Product) })),
            new("dog", async db => await db.Set<Dog>().Where(d => d.Id == client).Select(d => new { d.Name, d.Barks }).FirstOrDefaultAsync()),
        ];
        var chosen = reads[random.Next(reads.Length)];
        return chosen with { Name = Of(chosen.Name) };
    }

    private static (string Name, Func<TestDb, Task> Run) RandomWrite(Random random)
    {
        int import = random.Next(1, 5), other = random.Next(1, 5), mapping = random.Next(101, 109), client = random.Next(1, 3), reviewer = random.Next(5, 7);
        var (tenant, document) = ($"t{random.Next(1, 3)}", random.Next(1, 5));
        var text = random.Next().ToString(CultureInfo.InvariantCulture);
        (string Name, Func<TestDb, Task> Run)[] writes =
        [
            ("rename mapping", db => EditAsync(db, db.Mappings, m => m.Id == mapping, m => m.Target = text)),
            ("approve mapping", db => EditAsync(db, db.Mappings, m => m.Id == mapping, m => m.Status = Status.Approved)),
            ("move mapping", db => EditAsync(db, db.Mappings, m => m.Id == mapping, m => m.ImportId = import)),
            ("assign mapping", db => EditAsync(db, db.Mappings, m => m.Id == mapping, m => m.ReviewerId = random.Next(2) == 0 ? null : reviewer)),
            ("move by navigation", db => MoveAsync(db, mapping, import)),
            ("insert mapping", db => AddAsync(db, new Mapping { Id = random.Next(1000, int.MaxValue), ImportId = import, Target = text })),
            ("delete mapping and add it again", db => ReplaceAsync(db, mapping, import)),
            ("rename import", db => EditAsync(db, db.Imports, i => i.Id == import, i => i.Name = text)),
            ("move import", db => EditAsync(db, db.Imports, i => i.Id == import, i => i.ClientId = client)),
            ("rename client", db => EditAsync(db, db.Clients, c => c.Id == client, c => c.Name = text)),
            ("rename reviewer", db => EditAsync(db, db.Reviewers, r => r.Id == reviewer, r => r.Name = text)),
            ("edit note", db => EditAsync(db, db.Notes, n => n.Id == mapping, n => n.Text = text)),
            ("move note", db => EditAsync(db, db.Notes, n => n.Id == mapping, n => n.MappingId = random.Next(101, 109))),
            ("detached update", db => DetachedAsync(db, mapping, import, text)),
            ("stub update", db => StubAsync(db, mapping, text)),
            ("execute update by key", db => db.Mappings.Where(m => m.Id == mapping).ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, text))),
            ("execute update by parent", db => db.Mappings.Where(m => m.ImportId == import).ExecuteUpdateAsync(s => s.SetProperty(m => m.Target, text))),
            ("execute update by key and parent", db => db.Imports.Where(i => i.Id == import && i.ClientId == client).ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, text))),
            ("execute move", db => db.Mappings.Where(m => m.Id == mapping && m.ImportId == import).ExecuteUpdateAsync(s => s.SetProperty(m => m.ImportId, other))),
            ("execute delete notes", db => db.Notes.Where(n => n.Id == mapping).ExecuteDeleteAsync()),
            ("delete import in the database and restore it", db => RestoreAsync(db, import, client, text)),
            ("delete import by entity and restore it", db => RestoreByEntityAsync(db, import, client, text)),
            ("delete reviewer and restore it", db => ReviewerAsync(db, reviewer)),
            ("raw", db => db.Database.ExecuteSqlAsync($"""UPDATE "Mappings" SET "Target" = {text} WHERE "Id" = {mapping}""")),
            ("raw move", db => db.Database.ExecuteSqlAsync($"""UPDATE "Mappings" SET "ImportId" = {import} WHERE "Id" = {mapping} AND "ReviewerId" IS NULL""")),
            ("in a transaction", db => TransactionAsync(db, mapping, text)),
            ("edit document", db => EditAsync(db, db.Documents, d => d.Tenant == tenant && d.Id == document, d => d.Title = text)),
            ("edit page", db => EditAsync(db, db.Pages, p => p.Tenant == tenant && p.DocumentId == document && p.Number == 1, p => p.Text = text)),
            ("execute pages", db => db.Pages.Where(p => p.Tenant == tenant && p.DocumentId == document).ExecuteUpdateAsync(s => s.SetProperty(p => p.Text, text))),
            ("execute pages of all tenants", db => db.Pages.ExecuteUpdateAsync(s => s.SetProperty(p => p.Text, text))),
            ("edit city", db => EditAsync(db, db.Orders, o => o.Id == client, o => o.Address.City = text)),
            ("add line", db => EditAsync(db, db.Orders, o => o.Id == client, o => o.Lines.Add(new Line { Product = text }))),
            ("edit dog", db => EditAsync(db, db.Set<Dog>(), d => d.Id == client, d => d.Barks++)),
        ];
        var (name, run) = writes[random.Next(writes.Length)];
        return (string.Create(CultureInfo.InvariantCulture, $"{name} (import {import} -> {other}, mapping {mapping}, client {client}, reviewer {reviewer}, {tenant}/{document})"), run);
    }

    // Deletes cascade; without rows nothing would be left to go wrong.
    private static async Task TopUpAsync(TestDb db)
    {
        var mappings = await db.Mappings.Select(m => m.Id).ToListAsync();
        db.AddRange(Enumerable.Range(101, 8).Except(mappings).Select(i => new Mapping { Id = i, ImportId = (i % 4) + 1, Target = "again" }));
        var notes = await db.Notes.Select(n => n.Id).ToListAsync();
        db.AddRange(Enumerable.Range(101, 8).Except(notes).Select(i => new Note { Id = i, MappingId = 101 + (i % 8), Text = "again" }));
        await db.SaveChangesAsync();
    }

    private static async Task EditAsync<T>(TestDb db, IQueryable<T> rows, System.Linq.Expressions.Expression<Func<T, bool>> which, Action<T> edit)
        where T : class
    {
        if (await rows.FirstOrDefaultAsync(which) is not { } row)
            return;
        edit(row);
        await db.SaveChangesAsync();
    }

    private static async Task AddAsync(TestDb db, object row)
    {
        db.Add(row);
        await db.SaveChangesAsync();
    }

    private static async Task MoveAsync(TestDb db, int mapping, int import)
    {
        var row = await db.Mappings.FirstOrDefaultAsync(m => m.Id == mapping);
        var to = await db.Imports.FirstOrDefaultAsync(i => i.Id == import);
        if (row is null || to is null)
            return;
        row.Import = to;
        await db.SaveChangesAsync();
    }

    private static async Task ReplaceAsync(TestDb db, int mapping, int import)
    {
        if (await db.Mappings.FirstOrDefaultAsync(m => m.Id == mapping) is { } row)
        {
            db.Remove(row);
            await db.SaveChangesAsync();
        }

        await AddAsync(db, new Mapping { Id = mapping, ImportId = import, Target = "again" });
    }

    private static async Task DetachedAsync(TestDb db, int mapping, int import, string text)
    {
        if (!await db.Mappings.AnyAsync(m => m.Id == mapping))
            return;
        db.Update(new Mapping { Id = mapping, ImportId = import, Target = text });
        await db.SaveChangesAsync();
    }

    private static async Task StubAsync(TestDb db, int mapping, string text)
    {
        if (!await db.Mappings.AnyAsync(m => m.Id == mapping))
            return;
        var stub = new Mapping { Id = mapping };
        db.Attach(stub);
        stub.Target = text;
        await db.SaveChangesAsync();
    }

    private static async Task RestoreAsync(TestDb db, int import, int client, string text)
    {
        var mappings = await db.Mappings.AsNoTracking().Where(m => m.ImportId == import).ToListAsync();
        await db.Imports.Where(i => i.Id == import).ExecuteDeleteAsync();
        db.Add(new Import { Id = import, ClientId = client, Name = text });
        db.AddRange(mappings.Take(1));
        await db.SaveChangesAsync();
    }

    private static async Task RestoreByEntityAsync(TestDb db, int import, int client, string text)
    {
        if (await db.Imports.FirstOrDefaultAsync(i => i.Id == import) is { } row)
        {
            db.Remove(row);
            await db.SaveChangesAsync();
        }

        db.Add(new Import { Id = import, ClientId = client, Name = text });
        await db.SaveChangesAsync();
    }

    private static async Task ReviewerAsync(TestDb db, int reviewer)
    {
        db.Remove(await db.Reviewers.FirstAsync(r => r.Id == reviewer));
        await db.SaveChangesAsync();
        db.Add(new Reviewer { Id = reviewer, Name = "again" });
        await db.SaveChangesAsync();
    }

    private static async Task TransactionAsync(TestDb db, int mapping, string text)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        await EditAsync(db, db.Mappings, m => m.Id == mapping, m => m.Target = text);
        await db.Notes.Where(n => n.MappingId == mapping).ExecuteUpdateAsync(s => s.SetProperty(n => n.Text, text));
        await transaction.CommitAsync();
    }
}
