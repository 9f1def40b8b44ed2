using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Data;

namespace MigrationPlatform.Dashboard;

/// <summary>The numbers everybody keeps open: five aggregates over everything the tenant has.</summary>
internal static class DashboardEndpoints
{
    private const int BusiestShown = 5;

    public static void MapDashboard(this RouteGroupBuilder api)
    {
        var dashboard = api.MapGroup("/dashboard").WithTags("Dashboard");
        dashboard.MapGet("/summary", Summary);
    }

    /// <summary>Each aggregate brings the versions of its rows, so the version never runs ahead of what is shown.</summary>
    private static async Task<Ok<DashboardBody>> Summary(PlatformDb db, CancellationToken cancel)
    {
        var engagements = await db.Engagements.GroupBy(engagement => engagement.Status)
            .Select(group => new Slice<EngagementStatus>(group.Key, group.Count(), group.Sum(row => row.Version))).ToListAsync(cancel);
        var mappings = await db.FieldMappings.GroupBy(mapping => mapping.Status)
            .Select(group => new Slice<MappingStatus>(group.Key, group.Count(), group.Sum(row => row.Version))).ToListAsync(cancel);
        var assets = await db.Assets.GroupBy(asset => new { asset.Type, asset.Status })
            .Select(group => new
            {
                group.Key.Type,
                group.Key.Status,
                Count = group.Count(),
                Bytes = group.Sum(row => row.Bytes),
                Version = group.Sum(row => row.Version),
            })
            .ToListAsync(cancel);
        var imports = await db.Imports.GroupBy(_ => 1)
            .Select(group => new { Count = group.Count(), Rows = group.Sum(row => row.AcceptedRows), Version = group.Sum(row => row.Version) })
            .SingleOrDefaultAsync(cancel);
        var busiest = await (
            from engagement in db.Engagements
            let open = db.Assets.Count(asset => asset.EngagementId == engagement.Id && asset.Status != AssetStatus.Migrated)
            orderby open descending, engagement.Id
            select new BusyEngagement(engagement.Id, engagement.Name, open)).Take(BusiestShown).ToListAsync(cancel);

        return TypedResults.Ok(new DashboardBody(
            Version: engagements.Sum(slice => slice.Version) + mappings.Sum(slice => slice.Version)
                + assets.Sum(slice => slice.Version) + (imports?.Version ?? 0),
            Tenant: db.TenantId,
            Engagements: Count(engagements),
            Mappings: Count(mappings),
            Imports: new ImportTotals(imports?.Count ?? 0, imports?.Rows ?? 0),
            Assets: [.. assets.GroupBy(slice => slice.Type).OrderBy(type => type.Key).Select(type => new AssetTotals(
                type.Key, type.Sum(slice => slice.Count), type.Sum(slice => slice.Bytes),
                type.Where(slice => slice.Status == AssetStatus.Migrated).Sum(slice => slice.Count)))],
            Busiest: busiest));
    }

    private static Dictionary<TStatus, int> Count<TStatus>(List<Slice<TStatus>> slices)
        where TStatus : struct, Enum =>
        slices.OrderBy(slice => slice.Status).ToDictionary(slice => slice.Status, slice => slice.Count);

    private sealed record Slice<TStatus>(TStatus Status, int Count, long Version);
}

/// <summary>The version grows with each change of anything the dashboard is made from.</summary>
internal sealed record DashboardBody(
    long Version,
    string Tenant,
    IReadOnlyDictionary<EngagementStatus, int> Engagements,
    IReadOnlyDictionary<MappingStatus, int> Mappings,
    ImportTotals Imports,
    IReadOnlyList<AssetTotals> Assets,
    IReadOnlyList<BusyEngagement> Busiest);

internal sealed record ImportTotals(int Count, int AcceptedRows);

internal sealed record AssetTotals(AssetType Type, int Count, long Bytes, int Migrated);

/// <param name="Id">The engagement's id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Open">How many of its assets are not migrated yet.</param>
internal sealed record BusyEngagement(string Id, string Name, int Open);
