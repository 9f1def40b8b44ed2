using System.Security.Claims;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Security;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Http;

/// <summary>Whose answer a request asks for: the part of its identity that its policy lets the key and the load see.</summary>
/// <param name="Owner">The tenant that owns the entry; <see cref="Tenant.Public"/> for public ones.</param>
/// <param name="IsAuthenticated">Whether somebody is signed in; false in public scope.</param>
/// <param name="UserClaim">The claim that names the user, in user scope.</param>
internal readonly record struct RequestScope(Tenant Owner, bool IsAuthenticated, Claim? UserClaim)
{
    /// <returns>False when something that the key needs is not known: the request is not cached.</returns>
    public static bool TryGet(HttpContext context, CachePlan plan, TenantResolver tenants, IList<string> userClaims, out RequestScope scope)
    {
        scope = new RequestScope(Tenant.Public, false, null);
        if (plan.Scope is CacheScope.Public)
            return true;
        if (!tenants.TryResolve(context, out var tenant))
            return false;

        var isAuthenticated = context.User.Identity?.IsAuthenticated == true;
        scope = new RequestScope(tenant, isAuthenticated, null);
        if (plan.Scope is CacheScope.Tenant || !isAuthenticated)
            return true;

        for (var i = 0; i < userClaims.Count; i++)
        {
            if (context.User.FindFirst(userClaims[i]) is not { Value.Length: > 0 } claim)
                continue;
            scope = scope with { UserClaim = claim };
            return true;
        }

        return false;
    }

    // Without a name of its own an identity would not count as authenticated.
    private static string Scheme(ClaimsPrincipal user) => user.Identity?.AuthenticationType is { Length: > 0 } type ? type : "Freshet";

    /// <summary>A principal that knows what the key knows, and nothing else.</summary>
    public ClaimsPrincipal Reduce(ClaimsPrincipal user, CachePlan plan, IReadOnlyList<string> tenantClaims)
    {
        var claims = new List<Claim>();
        if (UserClaim is { } id)
            claims.Add(new Claim(id.Type, id.Value, ClaimValueTypes.String, id.Issuer));
        if (!Owner.IsPublic)
        {
            foreach (var type in tenantClaims)
                claims.Add(new Claim(type, Owner.Name));
        }

        foreach (var type in plan.Claims)
        {
            foreach (var claim in user.FindAll(type))
                claims.Add(new Claim(type, claim.Value));
        }

        var own = user.Identity as ClaimsIdentity;
        var nameType = own?.NameClaimType ?? ClaimsIdentity.DefaultNameClaimType;
        var roleType = own?.RoleClaimType ?? ClaimsIdentity.DefaultRoleClaimType;
        return new ClaimsPrincipal(new ClaimsIdentity(claims, IsAuthenticated ? Scheme(user) : null, nameType, roleType));
    }
}
