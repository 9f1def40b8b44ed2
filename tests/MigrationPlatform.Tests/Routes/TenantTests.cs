using System.Net;
using MigrationPlatform.Tests.Hosting;

namespace MigrationPlatform.Tests.Routes;

/// <summary>The same ids in two tenants, and ids that differ only in case: nobody gets the other one's answer.</summary>
public sealed class TenantTests(PlatformFixture fixture) : PlatformTest(fixture)
{
    [Theory]
    [InlineData("users/u-1")]
    [InlineData("engagements")]
    [InlineData("engagements/e-1")]
    [InlineData("imports")]
    [InlineData("imports/imp-001")]
    [InlineData("assets")]
    [InlineData("assets/a-00001")]
    [InlineData("dashboard/summary")]
    [InlineData("context/me")]
    public async Task TheSamePath_AnswersEachTenantWithItsOwn(string path)
    {
        var globex = await Platform.SignInAsync("alice@globex");
        for (var round = 0; round < 2; round++)
        {
            Assert.DoesNotContain("globex", (await Alice.ReadAsync(path)).ToString(), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("acme", (await globex.ReadAsync(path)).ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task IdsThatDifferInCase_AreDifferentImports()
    {
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal("acme-inventory-001.csv", (await Bob.ReadAsync("imports/imp-001")).Text("fileName"));
            Assert.Equal("acme-inventory-000.csv", (await Bob.ReadAsync("imports/IMP-001")).Text("fileName"));
        }

        await Bob.RefusedAsync("imports/Imp-001", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task AWrite_ChangesOneTenantOnly()
    {
        var globex = await Platform.SignInAsync("alice@globex");
        var before = await globex.ReadAsync("assets/a-00001");
        await Alice.WriteAsync(HttpMethod.Patch, "assets/a-00001", new { name = "renamed" });
        Assert.Equal(before.ToString(), (await globex.ReadAsync("assets/a-00001")).ToString());
        Assert.Equal("renamed", (await Alice.ReadAsync("assets/a-00001")).Text("name"));
    }

    [Fact]
    public async Task ARowOfAnotherTenant_CannotBeWritten()
    {
        await Platform.InDatabaseAsync("acme", async db =>
        {
            db.Clients.Add(new Data.Client { TenantId = "globex", Id = "c-x", Name = "Intruder", Industry = "None" });
            await Assert.ThrowsAsync<InvalidOperationException>(() => db.SaveChangesAsync());
        });
    }
}
