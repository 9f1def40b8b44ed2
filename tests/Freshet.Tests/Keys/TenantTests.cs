namespace Freshet.Tests.Keys;

public class TenantTests
{
    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("public")]
    [InlineData("(public)")]
    public void NoName_ImitatesAnotherKind(string name)
    {
        var tenant = Tenant.Named(name);

        Assert.NotEqual(Tenant.Default, tenant);
        Assert.NotEqual(Tenant.Public, tenant);
        Assert.NotEqual(Tenant.Default.Id, tenant.Id, StringComparer.Ordinal);
        Assert.NotEqual(Tenant.Public.Id, tenant.Id, StringComparer.Ordinal);
        Assert.False(tenant.IsPublic);
        Assert.Equal(name, tenant.Name);
    }

    [Fact]
    public void Names_AreOrdinal()
    {
        Assert.NotEqual(Tenant.Named("acme"), Tenant.Named("Acme"));
        Assert.NotEqual(Tenant.Named("caf\u00e9"), Tenant.Named("cafe\u0301"));
        Assert.Equal(Tenant.Named("acme"), Tenant.Named("acme"));
    }

    [Fact]
    public void NoTenant_IsRefused()
    {
        Assert.False(default(Tenant).IsValid);
        Assert.Throws<InvalidOperationException>(() => default(Tenant).Id);
        Assert.True(Tenant.Default.IsValid);
    }

    [Fact]
    public void BadName_IsNamed()
    {
        Assert.Throws<ArgumentException>(() => Tenant.Named(""));
        Assert.Contains("tenant", Assert.Throws<ArgumentException>(() => Tenant.Named("\udc00")).Message, StringComparison.Ordinal);
        Assert.Contains("tenant", Assert.Throws<ArgumentException>(() => Tenant.Named(new string('x', 513))).Message, StringComparison.Ordinal);
    }
}
