using Freshet.Invalidation;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Tests.Invalidation;

public class CacheInvalidationServiceTests
{
    private readonly List<string> _touched = [];
    private readonly TenantContext _tenants = new();
    private readonly CacheInvalidationService _service;

    public CacheInvalidationServiceTests()
    {
        EntityModelPart part = new(IsDeclared: true, (_, model) =>
        {
            model.Entity<Import>("import").Tenant(i => i.Tenant).Key(i => new { i.Tenant, i.Id });
            model.Entity<Mapping>("mapping").Tenant(m => m.Tenant).Key(m => new { m.Tenant, m.Id }).Parent<Import>(m => new { m.Tenant, m.ImportId });
            model.Entity<Country>("country").Public().Key(c => c.Code);
            model.Entity<Order>("order").Tenant(o => o.Tenant).Key(o => o.Id);
        });
        var source = new EntityModelSource([part], new ServiceCollection().BuildServiceProvider());
        _service = new CacheInvalidationService(source, _tenants, (tenant, tags, _) =>
        {
            _touched.AddRange(tags.Select(t => $"{tenant}: {t}"));
            return new ValueTask<Position?>(default(Position));
        });
    }

    private sealed record Import(string Tenant, int Id);

    private sealed record Mapping(string Tenant, int Id, int ImportId);

    private sealed record Country(string Code);

    private sealed record Order(Guid Tenant, int Id);

    // Rows name their tenant as Guids are written; whoever signs in may have it otherwise.
    [Fact]
    public async Task TenantIsSpelledOtherwiseThanByTheRows_TouchesInTheirs()
    {
        using (_tenants.Enter("0F8FAD5B-D9CB-469F-A165-70867728950E"))
        {
            await _service.InvalidateAsync<Order>(7);
            await _service.InvalidateAsync(Tag.Parse("order/7"));
            await _service.InvalidateAllAsync<Order>();
        }

        const string Rows = "0f8fad5b-d9cb-469f-a165-70867728950e";
        string[] inTheirs = [.. _touched.Where(t => t.StartsWith(Rows, StringComparison.Ordinal))];
        Assert.Equal([$"{Rows}: order/7", $"{Rows}: order/7", $"{Rows}: order"], inTheirs);
    }

    [Fact]
    public async Task ById_TouchesTheRowAndWhatCascades()
    {
        using (_tenants.Enter("acme"))
            await _service.InvalidateAsync<Import>(42);
        Assert.Equal(["acme: import/42", "acme: mapping/@import/42"], _touched);
    }

    [Fact]
    public async Task ByEntity_TouchesItsOwnTenantAndParents()
    {
        using (_tenants.Enter("acme"))
            await _service.InvalidateEntityAsync(new Mapping("other", 7, 42));
        Assert.Equal(["other: mapping/7", "other: mapping/@import/42"], _touched);
    }

    [Fact]
    public async Task ByParent_TouchesTheCollection()
    {
        using (_tenants.Enter("acme"))
            await _service.InvalidateChildrenAsync<Mapping, Import>(42);
        Assert.Equal(["acme: mapping/@import/42"], _touched);
    }

    [Fact]
    public async Task ByType_TouchesTheTypeAndWhatCascades()
    {
        using (_tenants.Enter("acme"))
            await _service.InvalidateAllAsync<Import>();
        Assert.Equal(["acme: import", "acme: mapping"], _touched);
    }

    [Fact]
    public async Task ByTenant_TouchesItsRoot()
    {
        await _service.InvalidateTenantAsync("acme");
        Assert.Equal(["acme: /"], _touched);
    }

    [Fact]
    public async Task ByTag_TouchesTheTagInTheTenantAtWorkAndInWhatIsPublic()
    {
        await _service.InvalidateAsync(Tag.Parse("anything/1"));
        Assert.Equal(["(public): anything/1", "(default): anything/1"], _touched);
    }

    [Fact]
    public async Task WithoutATenantAtWork_ReachesEveryTenantsRows()
    {
        await _service.InvalidateAsync<Import>(42);
        Assert.Contains("(public): import", _touched, StringComparer.Ordinal);
        Assert.Contains("(public): mapping", _touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task PublicEntity_IsTouchedInThePublicLog()
    {
        using (_tenants.Enter("acme"))
            await _service.InvalidateAsync<Country>("sk");
        Assert.Equal(["(public): country/sk"], _touched);
    }

    [Fact]
    public async Task WrongUse_SaysWhatIsWrong()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _service.InvalidateAsync<string>(1));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _service.InvalidateAsync<Import>(1, 2));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _service.InvalidateAsync<Import>(1.5m));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _service.InvalidateChildrenAsync<Import, Mapping>(1));
        Assert.Empty(_touched);
    }

    [Theory]
    [InlineData("import/42", "acme: import/42 (row)|acme: mapping/@import/42 (cascade: mapping of import)")]
    [InlineData("mapping/@import/42", "acme: mapping/@import/42 (mapping of import)")]
    [InlineData("import", "acme: import (type: all rows)|acme: mapping (cascade: mapping below import, ids not known)")]
    [InlineData("country/sk", "(public): country/sk (row)")]
    [InlineData("mapping/7", "acme: mapping/7 (row)|acme: mapping (type: its import is not known)")]
    [InlineData("dashboard", "acme: dashboard (not an entity of the model: the tag itself)")]
    [InlineData("import/1/2/3", "acme: import/1/2/3 (not a row of import: the tag itself)")]
    public void Explain_SaysWhatWouldBeTouchedAndWhy(string tag, string expected)
    {
        using (_tenants.Enter("acme"))
            Assert.Equal(expected, string.Join('|', _service.Explain(Tag.Parse(tag)).Select(e => $"{e.Tenant}: {e.Tag} ({e.Rule})")));
        Assert.Empty(_touched);
    }
}
