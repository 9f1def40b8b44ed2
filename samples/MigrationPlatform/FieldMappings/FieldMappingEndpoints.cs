using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.FieldMappings;

/// <summary>Which column of an import becomes which field: suggested by the import, decided by people.</summary>
internal static class FieldMappingEndpoints
{
    public static void MapFieldMappings(this RouteGroupBuilder api)
    {
        var ofImport = api.MapGroup("/imports/{id}/field-mappings").WithTags("Field mappings");
        ofImport.MapGet("/", List);
        ofImport.MapPost("/bulk", Decide).RequireAuthorization(Policies.Write);

        var mappings = api.MapGroup("/field-mappings").WithTags("Field mappings");
        mappings.MapPatch("/{id}", Update).RequireAuthorization(Policies.Write).RequireIfMatch(required: false);
    }

    private static async Task<Results<Ok<ListBody<FieldMappingBody>>, NotFound>> List(
        string id, PlatformDb db, CancellationToken cancel)
    {
        if (!await db.Imports.AnyAsync(import => import.Id == id, cancel)) return TypedResults.NotFound();
        var mappings = await db.FieldMappings.AsNoTracking()
            .Where(mapping => mapping.ImportId == id).OrderBy(mapping => mapping.Id).ToListAsync(cancel);
        return TypedResults.Ok(new ListBody<FieldMappingBody>(
            mappings.Sum(mapping => mapping.Version), db.TenantId, [.. mappings.Select(FieldMappingBody.Of)]));
    }

    private static async Task<Results<Ok<FieldMappingBody>, NotFound>> Update(
        string id, FieldMappingUpdate update, HttpContext http, PlatformDb db, CancellationToken cancel)
    {
        if (await db.FieldMappings.SingleOrDefaultAsync(row => row.Id == id, cancel) is not { } mapping)
            return TypedResults.NotFound();
        http.Freshet().IfMatch?.Require(mapping.Version);
        mapping.Target = update.Target ?? mapping.Target;
        mapping.Status = update.Status ?? mapping.Status;
        await db.SaveChangesAsync(cancel);
        return TypedResults.Ok(FieldMappingBody.Of(mapping));
    }

    /// <summary>Approves or rejects the mappings named, or all of the import, in one transaction.</summary>
    private static async Task<Results<Ok<BulkResult>, NotFound, ValidationProblem>> Decide(
        string id, BulkDecision decision, PlatformDb db, CancellationToken cancel)
    {
        if (!await db.Imports.AnyAsync(import => import.Id == id, cancel)) return TypedResults.NotFound();
        var ofImport = await db.FieldMappings.Where(mapping => mapping.ImportId == id).OrderBy(mapping => mapping.Id).ToListAsync(cancel);
        var wanted = decision.Ids?.ToHashSet(StringComparer.Ordinal);
        var chosen = wanted is null ? ofImport : ofImport.FindAll(mapping => wanted.Contains(mapping.Id));
        if (wanted is not null && chosen.Count < wanted.Count)
        {
            var unknown = wanted.Except(chosen.Select(mapping => mapping.Id), StringComparer.Ordinal);
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["ids"] = [.. unknown.Select(mapping => $"The import has no field mapping '{mapping}'.")],
            });
        }

        var status = decision.Action == BulkAction.Approve ? MappingStatus.Approved : MappingStatus.Rejected;
        foreach (var mapping in chosen) mapping.Status = status;
        await db.SaveChangesAsync(cancel);
        return TypedResults.Ok(new BulkResult(
            ofImport.Sum(mapping => mapping.Version), db.TenantId, chosen.Count, [.. chosen.Select(FieldMappingBody.Of)]));
    }
}

internal sealed record FieldMappingBody(
    long Version, string Id, string Tenant, string ImportId, string Source, string? Target, int Confidence, MappingStatus Status)
{
    public static FieldMappingBody Of(FieldMapping mapping) =>
        new(mapping.Version, mapping.Id, mapping.TenantId, mapping.ImportId, mapping.Source, mapping.Target, mapping.Confidence, mapping.Status);
}

/// <summary>What is not given stays as it is.</summary>
public sealed record FieldMappingUpdate(
    [StringLength(100, MinimumLength = 1)] string? Target = null,
    MappingStatus? Status = null);

public enum BulkAction { Approve, Reject }

/// <param name="Action">What to do.</param>
/// <param name="Ids">With which mappings; null means every one of the import.</param>
public sealed record BulkDecision(BulkAction Action, [MaxLength(10_000)] IReadOnlyList<string>? Ids = null);

/// <param name="Version">The version of the import's list of mappings.</param>
/// <param name="Tenant">Whose they are.</param>
/// <param name="Count">How many mappings now have the status.</param>
/// <param name="Items">The mappings, as they are now.</param>
internal sealed record BulkResult(long Version, string Tenant, int Count, IReadOnlyList<FieldMappingBody> Items);
