using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Freshet;
using Freshet.AspNetCore;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Users;

internal static class UserEndpoints
{
    public static void MapUsers(this RouteGroupBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("Users");
        users.MapGet("/{id}", Get);
        users.MapPut("/{id}", Update).RequireAuthorization(Policies.Write).RequireIfMatch(required: false);
        users.MapPut("/{id}/role", ChangeRole).RequireAuthorization(Policies.ManageRoles).RequireIfMatch(required: false);
    }

    private static async Task<Results<Ok<UserBody>, NotFound>> Get(string id, PlatformDb db, CancellationToken cancel) =>
        await db.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == id, cancel) is { } user
            ? TypedResults.Ok(UserBody.Of(user))
            : TypedResults.NotFound();

    /// <summary>An editor changes only the own entry, an admin everybody's.</summary>
    private static async Task<Results<Ok<UserBody>, NotFound, ForbidHttpResult>> Update(
        string id, UserUpdate update, ClaimsPrincipal caller, HttpContext http, PlatformDb db, CancellationToken cancel)
    {
        if (caller.UserId() != id && !caller.IsInRole(nameof(Role.Admin))) return TypedResults.Forbid();
        if (await db.Users.SingleOrDefaultAsync(user => user.Id == id, cancel) is not { } user) return TypedResults.NotFound();
        http.Freshet().IfMatch?.Require(user.Version);
        user.Name = update.Name;
        user.Email = update.Email;
        user.Phone = update.Phone;
        await db.SaveChangesAsync(cancel);
        return TypedResults.Ok(UserBody.Of(user));
    }

    /// <summary>The role is in the user's token, so whoever is connected with an old one is sent to sign in anew.</summary>
    private static async Task<Results<Ok<UserBody>, NotFound>> ChangeRole(
        string id, RoleUpdate update, HttpContext http, PlatformDb db, CacheEventManager events, CancellationToken cancel)
    {
        if (await db.Users.SingleOrDefaultAsync(user => user.Id == id, cancel) is not { } user) return TypedResults.NotFound();
        http.Freshet().IfMatch?.Require(user.Version);
        user.Role = update.Role;
        await db.SaveChangesAsync(cancel);
        events.CloseUser(Tenant.Named(user.TenantId), user.Id);
        return TypedResults.Ok(UserBody.Of(user));
    }
}

internal sealed record UserBody(long Version, string Id, string Tenant, string Name, string Email, string Phone, Role Role)
{
    public static UserBody Of(User user) => new(user.Version, user.Id, user.TenantId, user.Name, user.Email, user.Phone, user.Role);
}

public sealed record UserUpdate(
    [Required, StringLength(100)] string Name,
    [Required, StringLength(200), EmailAddress] string Email,
    [Required, StringLength(40), Phone] string Phone);

public sealed record RoleUpdate(Role Role);
