using Freshet.Invalidation;

namespace Freshet.Tests.Invalidation;

/// <summary>A change in, the touched tags and the rule behind each out.</summary>
public class CascadeTests
{
    private static readonly Tenant Acme = Tenant.Named("acme");

    private sealed record Client(string TenantId, int Id);

    private sealed record Import(string TenantId, int Id, int ClientId);

    private sealed record Mapping(string TenantId, int Id, int ImportId);

    private sealed record User(string TenantId, int Id);

    private sealed record Country(string Code);

    private static EntityModel Model()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<Client>("client").Tenant(c => c.TenantId).Key(c => new { c.TenantId, c.Id });
        builder.Entity<Import>("import").Tenant(i => i.TenantId).Key(i => new { i.TenantId, i.Id }).Parent<Client>(i => new { i.TenantId, i.ClientId });
        builder.Entity<Mapping>("mapping").Tenant(m => m.TenantId).Key(m => new { m.TenantId, m.Id }).Parent<Import>(m => new { m.TenantId, m.ImportId });
        builder.Entity<User>("user").Tenant(u => u.TenantId).Key(u => new { u.TenantId, u.Id });
        builder.Entity("context").InAmbientTenant().DerivedFrom<User>(sameKey: true);
        builder.Entity("badge").DerivedFrom<User>(sameKey: true);
        builder.Entity("board").InAmbientTenant().DerivedFrom<Import>();
        builder.Entity<Country>("country").Public().Key(c => c.Code);
        return builder.Build();
    }

    private static string[] Expand(EntityChange change, Tenant? ambient = null) =>
        [.. Cascade.Expand(change, ambient ?? Acme).Select(t => $"{t.Tenant}: {t.Tag}").Order(StringComparer.Ordinal)];

    private static EntityChange Change(ChangeKind kind, string entity, string? key, params Tenant[] tenants) =>
        new(Model().Find(entity)!, kind) { Key = key is null ? null : [key], Tenants = tenants };

    [Fact]
    public void Update_TouchesTheRowAndTheCollectionsItIsIn()
    {
        var model = Model();
        var mapping = model.Find("mapping")!;
        var change = new EntityChange(mapping, ChangeKind.Update)
        {
            Key = ["7"],
            Tenants = [Acme],
            Parents = [new ParentKey(mapping.Parents[0], ["42"]), new ParentKey(mapping.Parents[0], ["43"])],
        };
        Assert.Equal(["acme: mapping/7", "acme: mapping/@import/42", "acme: mapping/@import/43"], Expand(change));
    }

    [Fact]
    public void UpdateOfAParent_DoesNotCascade() =>
        Assert.Equal(["acme: client/1"], Expand(Change(ChangeKind.Update, "client", "1", Acme)));

    [Fact]
    public void UnknownParent_TouchesTheType()
    {
        var mapping = Model().Find("mapping")!;
        var change = new EntityChange(mapping, ChangeKind.Update) { Key = ["7"], Tenants = [Acme], Parents = [new ParentKey(mapping.Parents[0], null)] };
        Assert.Equal(["acme: mapping", "acme: mapping/7"], Expand(change));
    }

    [Fact]
    public void Declared_CascadesExactlyAndBelowByType() =>
        Assert.Equal(
            ["acme: board", "acme: client/1", "acme: import/@client/1", "acme: mapping"],
            Expand(Change(ChangeKind.Declared, "client", "1", Acme)));

    [Fact]
    public void Delete_ReachesRowsThatTheDatabaseDeletes() =>
        // Nobody said that the database does not.
        Assert.Equal(
            ["acme: board", "acme: client/1", "acme: import", "acme: import/@client/1", "acme: mapping"],
            Expand(Change(ChangeKind.Delete, "client", "1", Acme)));

    [Fact]
    public void ChangeOfTenant_TouchesBothAndCascades() =>
        Assert.Equal(
            ["acme: board", "acme: import/1", "acme: mapping/@import/1", "t2: board", "t2: import/1", "t2: mapping/@import/1"],
            Expand(Change(ChangeKind.Update, "import", "1", Acme, Tenant.Named("t2"))));

    [Fact]
    public void WhatIsDerivedByTheSameKey_IsExact() =>
        Assert.Equal(
            ["(public): badge/7", "acme: badge/7", "acme: context/7", "acme: user/7"],
            Expand(Change(ChangeKind.Update, "user", "7", Acme)));

    [Fact]
    public void WhatIsDerivedInAJob_IsTouchedInTheTenantOfTheRow() =>
        Assert.Equal(
            ["(public): badge/7", "acme: badge/7", "acme: context/7", "acme: user/7"],
            Expand(Change(ChangeKind.Update, "user", "7", Acme), ambient: Tenant.Public));

    [Fact]
    public void WhatIsDerivedInAJob_FromARowOfNoKnownTenant_IsTouchedForEveryTenant() =>
        Assert.Equal(
            ["(public): badge", "(public): context", "(public): user"],
            Expand(Change(ChangeKind.Update, "user", "7"), ambient: Tenant.Public));

    [Fact]
    public void RowOfTheTenantAtWork_WhereThereIsNone_IsTouchedForEveryTenant() =>
        Assert.Equal(["(public): board"], Expand(Change(ChangeKind.Update, "board", "7"), ambient: Tenant.Public));

    [Fact]
    public void WhatIsDerivedByAnotherKey_IsTouchedByType() =>
        Assert.Equal(["acme: board", "acme: import/1"], Expand(Change(ChangeKind.Insert, "import", "1", Acme)));

    [Fact]
    public void UnknownRows_TouchTheTypeAndWhatIsDerivedFromIt() =>
        Assert.Equal(["(public): badge", "acme: badge", "acme: context", "acme: user"], Expand(Change(ChangeKind.Update, "user", null, Acme)));

    [Fact]
    public void UnknownTenant_TouchesTheTypeInThePublicLog() =>
        Assert.Equal(["(public): import", "acme: board", "acme: import"], Expand(Change(ChangeKind.Update, "import", "1")));

    [Fact]
    public void PublicEntity_IsInThePublicLogAlone() =>
        Assert.Equal(["(public): country/sk"], Expand(Change(ChangeKind.Update, "country", "sk")));

    [Fact]
    public void EveryTouch_NamesItsRule() =>
        Assert.All(Cascade.Expand(Change(ChangeKind.Delete, "client", "1", Acme), Acme), t => Assert.NotEmpty(t.Rule));
}
