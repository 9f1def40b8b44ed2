using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Reads;

public sealed class SqliteNestedQueryTests() : NestedQueryTests(null);

public sealed class PostgresNestedQueryTests(PostgresServer server) : NestedQueryTests(server)
{
    [Fact]
    public async Task ALimitAndAReference_DependOnTheParentsCollection()
    {
        var reading = await App.ReadAsync(db => RunAsync(db, 0));
        Assert.Contains("(public): import/42", reading.Dependencies, StringComparer.Ordinal);
        Assert.Contains("(public): mapping/@import/42", reading.Dependencies, StringComparer.Ordinal);
    }
}

/// <summary>Plain LINQ whose SQL nests limits, joins and windows in each other: the analysis of it once ended the process.</summary>
public abstract class NestedQueryTests(PostgresServer? server) : DatabaseTests(server)
{
    private static readonly (string Name, Func<TestDb, Task> Run)[] Queries =
    [
        ("a limit and a required reference", db => db.Imports.Where(i => i.Id == 42)
            .SelectMany(i => i.Mappings.OrderBy(m => m.Id).Take(2).Select(m => new { m.Target, m.Import!.Name })).ToListAsync()),
        ("a limit and an optional reference", db => db.Imports.Where(i => i.Id == 42)
            .SelectMany(i => i.Mappings.OrderBy(m => m.Id).Take(2).Select(m => new { m.Target, m.Reviewer!.Name })).ToListAsync()),
        ("a limit in a limit", db => db.Clients.Where(c => c.Id == 1)
            .SelectMany(c => c.Imports.OrderBy(i => i.Id).Take(2).SelectMany(i => i.Mappings.OrderBy(m => m.Id).Skip(1).Take(2)
                .Select(m => new { m.Target, m.Import!.Client!.Name, Reviewer = m.Reviewer!.Name }))).ToListAsync()),
        ("the first of each", db => db.Clients.Where(c => c.Id == 1)
            .Select(c => new { c.Name, Last = c.Imports.OrderByDescending(i => i.Id).Select(i => new { i.Name, First = i.Mappings.OrderBy(m => m.Id).FirstOrDefault() }).FirstOrDefault() })
            .ToListAsync()),
        ("included limits", db => db.Clients.Where(c => c.Id == 1)
            .Include(c => c.Imports.OrderBy(i => i.Id).Take(2)).ThenInclude(i => i.Mappings.OrderBy(m => m.Id).Take(2)).ThenInclude(m => m.Reviewer).ToListAsync()),
        ("limit after limit", db => db.Mappings.OrderBy(m => m.Id).Take(9).OrderBy(m => m.Target).Take(8).OrderBy(m => m.Id).Take(7).OrderBy(m => m.Target).Take(6)
            .OrderBy(m => m.Id).Take(5).OrderBy(m => m.Target).Take(4).OrderBy(m => m.Id).Take(3).Select(m => new { m.Target, m.Import!.Name }).ToListAsync()),
    ];

    public static TheoryData<string> Names() => [.. Queries.Select(q => q.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task InALoadAndOutside_IsAnswered(string name)
    {
        var run = Queries.First(q => q.Name == name).Run;
        try
        {
            await App.UseAsync(run);
        }
        catch (InvalidOperationException e) when (IsSqlite)
        {
            // SQLite has no LATERAL.
            Assert.Contains("APPLY", e.Message, StringComparison.Ordinal);
            return;
        }

        var reading = await App.ReadAsync(run);
        Assert.Equal(CacheReason.None, reading.Refusal);
        Assert.Contains(reading.Dependencies, d => d.Contains("mapping", StringComparison.Ordinal));
        await App.UseAsync(db => db.Mappings.ExecuteDeleteAsync());
        Assert.False(reading.IsValid());
    }

    protected static Task RunAsync(TestDb db, int query) => Queries[query].Run(db);
}
