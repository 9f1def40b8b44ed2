using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>A row of one tenant: ids repeat between tenants, so the tenant is part of the name.</summary>
internal readonly record struct Resource(string Tenant, RowType Type, string Id)
{
    public override string ToString() => $"{Type} {Id} of {Tenant}";
}

/// <summary>One row as an answer shows it.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Id">Its id, unique within the tenant and the type.</param>
/// <param name="Version">Its version: one when it is created, one more with each change.</param>
/// <param name="Tenant">Whose it says it is; null when it does not say.</param>
/// <param name="Engagement">The engagement it hangs on; null when it names none.</param>
/// <param name="Import">The import it hangs on; null when it names none.</param>
internal readonly record struct RowVersion(
    RowType Type, string Id, long Version, string? Tenant = null, string? Engagement = null, string? Import = null)
{
    /// <summary>The row of that type that this one hangs on; null when it hangs on none.</summary>
    public string? ParentId(RowType parent) => parent switch
    {
        RowType.Engagement => Engagement,
        RowType.Import => Import,
        _ => null,
    };
}

/// <summary>The rows of one type of a tenant: all of them, or those that hang on one row.</summary>
internal readonly record struct Family(string Tenant, RowType Type, RowType Parent = RowType.None, string? ParentId = null)
{
    public override string ToString() => Parent == RowType.None ? $"{Type} of {Tenant}" : $"{Type} of {Parent} {ParentId} of {Tenant}";
}
