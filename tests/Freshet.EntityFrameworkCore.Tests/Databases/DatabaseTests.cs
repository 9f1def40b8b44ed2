[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace Freshet.EntityFrameworkCore.Tests.Databases;

/// <summary>Tests that run on each database: on SQLite when there is no server.</summary>
public abstract class DatabaseTests(PostgresServer? server) : IAsyncLifetime
{
    protected TestApp App { get; private set; } = null!;

    protected bool IsSqlite => server is null;

    public async ValueTask InitializeAsync()
    {
        App = await TestApp.StartAsync(server);
        await App.SeedAsync(
            new Client { Id = 1, Name = "c1" },
            new Import { Id = 42, ClientId = 1, Name = "i42" },
            new Import { Id = 43, ClientId = 1, Name = "i43" },
            new Reviewer { Id = 5, Name = "r5" },
            new Mapping { Id = 7, ImportId = 42, Target = "a" },
            new Note { Id = 3, MappingId = 7, Text = "n" },
            new Country { Code = "sk", Name = "Slovensko" });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await App.DisposeAsync();
    }

    /// <summary>
    /// What the work touches in the public log, where the rows of types without a declared tenant are. The tenant at work
    /// is touched as well.
    /// </summary>
    protected async Task<string[]> TouchedAsync(Func<TestDb, Task> work) => PublicOnly(await App.TouchedAsync(work));

    protected static string[] PublicOnly(string[] touched) =>
        [.. touched.Where(t => t.StartsWith("(public): ", StringComparison.Ordinal)).Select(t => t["(public): ".Length..])];
}
