using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Assets;

internal static class AssetEndpoints
{
    public static void MapAssets(this RouteGroupBuilder api)
    {
        var assets = api.MapGroup("/assets").WithTags("Assets");
        assets.MapGet("/", Search);
        assets.MapGet("/{id}", Get);
        assets.MapPatch("/{id}", Update).RequireAuthorization(Policies.Write).RequireIfMatch(required: false);
    }

    private static async Task<Ok<AssetPage>> Search(
        PlatformDb db, CancellationToken cancel,
        [StringLength(100)] string? engagementId = null,
        [AllowedValues(null, "server", "database", "application", "document", "fileShare")] string? type = null,
        [Range(1, 100_000)] int page = 1,
        [Range(1, 200)] int pageSize = 50,
        [AllowedValues("name", "-name", "bytes", "-bytes", "status", "-status")] string sort = "name")
    {
        var found = db.Assets.AsNoTracking();
        if (engagementId is not null) found = found.Where(asset => asset.EngagementId == engagementId);
        if (type is not null)
        {
            var wanted = Enum.Parse<AssetType>(type, ignoreCase: true);
            found = found.Where(asset => asset.Type == wanted);
        }

        // The version before the page: a change in between shows in the page first, never in the version first.
        var all = await found.GroupBy(_ => 1)
            .Select(group => new { Count = group.Count(), Version = group.Sum(asset => asset.Version) })
            .SingleOrDefaultAsync(cancel);
        var assets = await Sorted(found, sort).Skip((page - 1) * pageSize).Take(pageSize).ToListAsync(cancel);
        return TypedResults.Ok(new AssetPage(
            all?.Version ?? 0, db.TenantId, all?.Count ?? 0, page, pageSize, [.. assets.Select(AssetBody.Of)]));
    }

    /// <summary>A leading minus sorts downwards. The id settles ties, so that pages neither overlap nor miss a row.</summary>
    private static IQueryable<Asset> Sorted(IQueryable<Asset> assets, string sort)
    {
        var sorted = sort switch
        {
            "-name" => assets.OrderByDescending(asset => asset.Name),
            "bytes" => assets.OrderBy(asset => asset.Bytes),
            "-bytes" => assets.OrderByDescending(asset => asset.Bytes),
            "status" => assets.OrderBy(asset => asset.Status),
            "-status" => assets.OrderByDescending(asset => asset.Status),
            _ => assets.OrderBy(asset => asset.Name),
        };
        return sorted.ThenBy(asset => asset.Id);
    }

    private static async Task<Results<Ok<AssetBody>, NotFound>> Get(string id, PlatformDb db, CancellationToken cancel) =>
        await db.Assets.AsNoTracking().SingleOrDefaultAsync(asset => asset.Id == id, cancel) is { } asset
            ? TypedResults.Ok(AssetBody.Of(asset))
            : TypedResults.NotFound();

    private static async Task<Results<Ok<AssetBody>, NotFound>> Update(
        string id, AssetUpdate update, HttpContext http, PlatformDb db, CancellationToken cancel)
    {
        if (await db.Assets.SingleOrDefaultAsync(asset => asset.Id == id, cancel) is not { } asset) return TypedResults.NotFound();
        http.Freshet().IfMatch?.Require(asset.Version);
        asset.Name = update.Name ?? asset.Name;
        asset.Status = update.Status ?? asset.Status;
        await db.SaveChangesAsync(cancel);
        return TypedResults.Ok(AssetBody.Of(asset));
    }
}

/// <summary>One page of the assets found; <c>Total</c> and <c>Version</c> are of all of them.</summary>
internal sealed record AssetPage(long Version, string Tenant, int Total, int Page, int PageSize, IReadOnlyList<AssetBody> Items);

internal sealed record AssetBody(
    long Version, string Id, string Tenant, string EngagementId, string ImportId, AssetType Type, string Name, long Bytes, AssetStatus Status)
{
    public static AssetBody Of(Asset asset) =>
        new(asset.Version, asset.Id, asset.TenantId, asset.EngagementId, asset.ImportId, asset.Type, asset.Name, asset.Bytes, asset.Status);
}

/// <summary>What is not given stays as it is.</summary>
public sealed record AssetUpdate(
    [StringLength(200, MinimumLength = 1)] string? Name = null,
    AssetStatus? Status = null);
