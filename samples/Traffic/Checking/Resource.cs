using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>A row of one tenant: ids repeat between tenants, so the tenant is part of the name.</summary>
internal readonly record struct Resource(string Tenant, RowType Type, string Id)
{
    public override string ToString() => $"{Type} {Id} of {Tenant}";
}

/// <summary>One row and the version that an answer gives it.</summary>
internal readonly record struct RowVersion(RowType Type, string Id, long Version);
