using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteExpectVersionTests() : ExpectVersionTests(null);

public sealed class PostgresExpectVersionTests(PostgresServer server) : ExpectVersionTests(server);

/// <summary>If-Match: the version that the client saw and the write are one statement.</summary>
public abstract class ExpectVersionTests(PostgresServer? server) : DatabaseTests(server)
{
    [Fact]
    public Task VersionOfTheRow_Writes() => App.UseAsync(async db =>
    {
        var mapping = await db.Mappings.SingleAsync(m => m.Id == 7);
        db.Entry(mapping).ExpectVersion(mapping.Version);
        (mapping.Target, mapping.Version) = ("b", Guid.CreateVersion7());
        Assert.Equal(1, await db.SaveChangesAsync());
    });

    [Fact]
    public Task AnotherVersion_Throws() => App.UseAsync(async db =>
    {
        var mapping = await db.Mappings.SingleAsync(m => m.Id == 7);
        db.Entry(mapping).ExpectVersion(Guid.CreateVersion7());
        mapping.Target = "b";
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());
    });

    [Fact]
    public Task TypeWithoutAToken_IsRefused() => App.UseAsync(async db =>
    {
        var note = await db.Notes.SingleAsync(n => n.Id == 3);
        Assert.Throws<InvalidOperationException>(() => db.Entry(note).ExpectVersion(1L));
    });
}
