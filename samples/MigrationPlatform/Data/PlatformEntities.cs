using Freshet;

namespace MigrationPlatform.Data;

/// <summary>
/// What the cache knows of the data: the tag of each type, its tenant, and what hangs on what
/// (<c>client → engagement → import → mapping and asset</c>, <c>user → user-context</c>).
/// </summary>
internal static class PlatformEntities
{
    /// <summary>The tag of what a user may see and do: made from the user, changed with it, and told to that user alone.</summary>
    public const string UserContext = "user-context";

    public static void Declare(EntityModelBuilder model)
    {
        model.Entity<Client>("client").Tenant(client => client.TenantId);
        model.Entity<Engagement>("engagement").Tenant(engagement => engagement.TenantId)
            .Parent<Client>(engagement => engagement.ClientId);
        model.Entity<Import>("import").Tenant(import => import.TenantId)
            .Parent<Engagement>(import => import.EngagementId);
        model.Entity<FieldMapping>("mapping").Tenant(mapping => mapping.TenantId)
            .Parent<Import>(mapping => mapping.ImportId);
        model.Entity<Asset>("asset").Tenant(asset => asset.TenantId)
            .Parent<Import>(asset => asset.ImportId)
            .Parent<Engagement>(asset => asset.EngagementId);
        model.Entity<User>("user").Tenant(user => user.TenantId);
        model.Entity(UserContext).DerivedFrom<User>(sameKey: true).UserScoped().InAmbientTenant();
        model.Entity<Country>("country").Public();
    }
}
