using Freshet.AspNetCore.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Security;

/// <summary>A type that does not say whose its rows are wakes every tenant: one line at start says so.</summary>
public class UndeclaredTenantTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TypesWithoutATenant_AreNamedOnceAtStart(bool byPolicy)
    {
        await using var app = await TestApp.StartAsync(_ => { }, freshet =>
        {
            if (byPolicy)
                freshet.Tenants(t => t.FromClaim("tenant"));
            freshet.AddEntities(m =>
            {
                if (!byPolicy)
                    m.Entity<Invoice>("invoice").Tenant(i => i.Customer);
                m.Entity<Order>("order").Parent<Line>(o => o.LineId);
                m.Entity<Line>();
                m.Entity<Country>().Public();
                m.Entity<Draft>().InAmbientTenant();
                m.Entity("summary").DerivedFrom<Order>();
            });
        });
        var line = Assert.Single(Warnings(app));
        Assert.Contains("model.Entity<Order>(\"order\").Tenant(x => x.TenantId)", line, StringComparison.Ordinal);
        Assert.Contains(
            byPolicy ? "model.Entity<Line>(\"Line\").InAmbientTenant()" : "model.Entity<Line>(\"Line\").Tenant(x => x.Customer)", line, StringComparison.Ordinal);
        Assert.Contains("model.Entity(\"summary\").InAmbientTenant()", line, StringComparison.Ordinal);
        foreach (var declared in (string[])["Invoice", "Country", "Draft"])
            Assert.DoesNotContain($"<{declared}>", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApplicationWithoutTenants_IsNotTold()
    {
        await using var app = await TestApp.StartAsync(_ => { }, freshet => freshet.AddEntities(m => m.Entity<Order>("order")));
        Assert.Empty(Warnings(app));
    }

    [Fact]
    public async Task AllTypesAreDeclared_NothingIsSaid()
    {
        await using var app = await TestApp.StartAsync(
            _ => { }, freshet => freshet.Tenants(t => t.FromClaim("tenant")).AddEntities(m => m.Entity<Order>("order").Tenant(o => o.TenantId)));
        Assert.Empty(Warnings(app));
    }

    private static string[] Warnings(TestApp app) =>
        [.. app.Log.Lines.Where(l => l.Text.Contains("do not say whose their rows are", StringComparison.Ordinal)).Select(l => l.Text)];

    private sealed class Invoice
    {
        public string Customer { get; set; } = "";
    }

    private sealed class Order
    {
        public string TenantId { get; set; } = "";

        public int LineId { get; set; }
    }

    private sealed class Line
    {
        public string Customer { get; set; } = "";
    }

    private sealed class Country;

    private sealed class Draft;
}
