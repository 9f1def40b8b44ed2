using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Routes;

/// <summary>Two change the same row at once: expected, so it is no fault in the log.</summary>
public sealed class ConflictTests
{
    [Fact]
    public async Task AConflict_IsAnswered409_AndToldInOneLine()
    {
        await using var platform = await Platform.StartAsync("--Logging:LogLevel:MigrationPlatform", "Information");
        // The statement meets no row in the version that was read, as when another writer was faster.
        await platform.InDatabaseAsync("acme", db => db.Database.ExecuteSqlRawAsync(
            "CREATE TRIGGER Faster BEFORE UPDATE ON Assets WHEN old.Id = 'a-00001' BEGIN SELECT RAISE(IGNORE); END"));
        var bob = await platform.SignInAsync("bob@acme");
        var log = platform.Log();

        await bob.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "Renamed" }, HttpStatusCode.Conflict);

        var (level, message, hasException) = Assert.Single(log.All);
        Assert.Equal(LogLevel.Information, level);
        Assert.StartsWith("PATCH /api/v1/assets/a-00001 is answered 409: ", message, StringComparison.Ordinal);
        Assert.False(hasException);
    }
}
