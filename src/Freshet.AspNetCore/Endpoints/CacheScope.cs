namespace Freshet.AspNetCore;

/// <summary>Who shares a stored answer.</summary>
public enum CacheScope
{
    /// <summary>The authenticated user alone, within his tenant; all anonymous users of a tenant share one answer. The default.</summary>
    User,

    /// <summary>All users of the tenant.</summary>
    Tenant,

    /// <summary>Everyone: the data belongs to <see cref="Freshet.Tenant.Public"/>.</summary>
    Public,
}
