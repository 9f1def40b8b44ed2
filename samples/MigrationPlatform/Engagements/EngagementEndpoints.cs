using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Engagements;

internal static class EngagementEndpoints
{
    public static void MapEngagements(this RouteGroupBuilder api)
    {
        var engagements = api.MapGroup("/engagements").WithTags("Engagements");
        engagements.MapGet("/", List);
        engagements.MapGet("/{id}", Get);
        engagements.MapPut("/{id}", Update).RequireAuthorization(Policies.Write).RequireIfMatch(required: false);
    }

    private static async Task<Ok<ListBody<EngagementBody>>> List(PlatformDb db, CancellationToken cancel)
    {
        var engagements = await db.Engagements.AsNoTracking()
            .Include(engagement => engagement.Client).OrderBy(engagement => engagement.Name).ToListAsync(cancel);
        var version = engagements.Sum(engagement => engagement.Version + engagement.Client!.Version);
        return TypedResults.Ok(new ListBody<EngagementBody>(
            version, db.TenantId, [.. engagements.Select(engagement => EngagementBody.Of(engagement, engagement.Client!))]));
    }

    /// <summary>Two reads by key instead of a join: the answer depends on this client, not on every client.</summary>
    private static async Task<Results<Ok<EngagementBody>, NotFound>> Get(string id, PlatformDb db, CancellationToken cancel)
    {
        if (await db.Engagements.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancel) is not { } engagement)
            return TypedResults.NotFound();
        var client = await db.Clients.AsNoTracking().SingleAsync(row => row.Id == engagement.ClientId, cancel);
        return TypedResults.Ok(EngagementBody.Of(engagement, client));
    }

    private static async Task<Results<Ok<EngagementBody>, NotFound>> Update(
        string id, EngagementUpdate update, HttpContext http, PlatformDb db, CancellationToken cancel)
    {
        var engagement = await db.Engagements
            .Include(row => row.Client)
            .SingleOrDefaultAsync(row => row.Id == id, cancel);
        if (engagement is null) return TypedResults.NotFound();
        http.Freshet().IfMatch?.Require(engagement.Version);
        engagement.Name = update.Name;
        engagement.Status = update.Status;
        await db.SaveChangesAsync(cancel);
        return TypedResults.Ok(EngagementBody.Of(engagement, engagement.Client!));
    }
}

internal sealed record EngagementBody(
    long Version, string Id, string Tenant, string Name, EngagementStatus Status, ClientBody Client)
{
    public static EngagementBody Of(Engagement engagement, Client client) =>
        new(engagement.Version, engagement.Id, engagement.TenantId, engagement.Name, engagement.Status, ClientBody.Of(client));
}

internal sealed record ClientBody(long Version, string Id, string Name, string Industry)
{
    public static ClientBody Of(Client client) => new(client.Version, client.Id, client.Name, client.Industry);
}

public sealed record EngagementUpdate(
    [Required, StringLength(200)] string Name,
    EngagementStatus Status);
