using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using MigrationPlatform.Data;

namespace MigrationPlatform.Access;

/// <summary>The claims of a token. The role counts as it was when the token was made: a new role needs a new token.</summary>
internal static class PlatformClaims
{
    public const string Tenant = "tenant";
    public const string User = "sub";
    public const string Name = "name";
    public const string Role = "role";

    public static string? TenantId(this ClaimsPrincipal principal) => principal.FindFirstValue(Tenant);

    public static string? UserId(this ClaimsPrincipal principal) => principal.FindFirstValue(User);
}

/// <summary>Who may do what: everybody signed in reads, editors and admins write, admins manage roles.</summary>
internal static class Policies
{
    public const string Write = "write";
    public const string ManageRoles = "manage-roles";

    public static void AddPlatformPolicies(this AuthorizationBuilder authorization) =>
        authorization
            .SetDefaultPolicy(new AuthorizationPolicyBuilder()
                .RequireAuthenticatedUser().RequireClaim(PlatformClaims.Tenant).RequireClaim(PlatformClaims.User).Build())
            .AddPolicy(Write, policy => policy.RequireClaim(PlatformClaims.Role, nameof(Role.Editor), nameof(Role.Admin)))
            .AddPolicy(ManageRoles, policy => policy.RequireClaim(PlatformClaims.Role, nameof(Role.Admin)));

    public static IReadOnlyList<string> PermissionsOf(Role role) => role switch
    {
        Role.Admin => ["read", Write, ManageRoles],
        Role.Editor => ["read", Write],
        _ => ["read"],
    };
}
