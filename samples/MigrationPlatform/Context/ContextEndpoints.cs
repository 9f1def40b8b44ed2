using System.Security.Claims;
using Freshet;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Context;

/// <summary>Who the caller is and what the caller may do: the first call of every page.</summary>
internal static class ContextEndpoints
{
    public static void MapContext(this RouteGroupBuilder api)
    {
        var context = api.MapGroup("/context").WithTags("Context");
        context.MapGet("/me", Me)
            .Cached(policy => policy.PerUser().Tag(http => Tag.Of(PlatformEntities.UserContext, http.User.UserId()!)));
    }

    private static async Task<Results<Ok<ContextBody>, NotFound>> Me(ClaimsPrincipal caller, PlatformDb db, CancellationToken cancel)
    {
        var me = caller.UserId();
        return await db.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == me, cancel) is { } user
            ? TypedResults.Ok(ContextBody.Of(user))
            : TypedResults.NotFound();
    }
}

internal sealed record ContextBody(
    long Version, string Id, string Tenant, string Name, string Email, Role Role, IReadOnlyList<string> Permissions)
{
    public static ContextBody Of(User user) =>
        new(user.Version, user.Id, user.TenantId, user.Name, user.Email, user.Role, Policies.PermissionsOf(user.Role));
}
