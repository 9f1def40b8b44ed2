using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Imports;

/// <summary>A customer's inventory comes in as CSV and becomes assets, with a suggestion for each column.</summary>
internal static class ImportEndpoints
{
    public static void MapImports(this RouteGroupBuilder api, PlatformOptions options)
    {
        var imports = api.MapGroup("/imports").WithTags("Imports");
        imports.MapGet("/", List);
        imports.MapGet("/{id}", Get);
        imports.MapPost("/", Create)
            .RequireAuthorization(Policies.Write)
            .Accepts<string>("text/csv")
            .WithMetadata(new RequestSizeLimitAttribute(options.MaxCsvBytes));
    }

    private static async Task<Ok<ListBody<ImportBody>>> List(
        PlatformDb db, CancellationToken cancel, [StringLength(100)] string? engagementId = null)
    {
        var found = db.Imports.AsNoTracking();
        if (engagementId is not null) found = found.Where(import => import.EngagementId == engagementId);
        var imports = await found
            .OrderByDescending(import => import.ImportedAt).ThenBy(import => import.Id).ToListAsync(cancel);
        return TypedResults.Ok(new ListBody<ImportBody>(
            imports.Sum(import => import.Version), db.TenantId, [.. imports.Select(ImportBody.Of)]));
    }

    private static async Task<Results<Ok<ImportBody>, NotFound>> Get(string id, PlatformDb db, CancellationToken cancel) =>
        await db.Imports.AsNoTracking().SingleOrDefaultAsync(import => import.Id == id, cancel) is { } import
            ? TypedResults.Ok(ImportBody.Of(import))
            : TypedResults.NotFound();

    /// <summary>Imports what is good in the CSV and reports what is not; refuses a file with nothing good in it.</summary>
    private static async Task<Results<Created<ImportBody>, ValidationProblem>> Create(
        [Required, StringLength(100)] string engagementId, HttpRequest request, ClaimsPrincipal caller, PlatformDb db,
        IOptions<PlatformOptions> options, TimeProvider time, CancellationToken cancel,
        [StringLength(200)] string fileName = "upload.csv")
    {
        if (!await db.Engagements.AnyAsync(engagement => engagement.Id == engagementId, cancel))
            return Refused("engagementId", $"There is no engagement '{engagementId}'.");
        if (await ReadTextAsync(request.Body, cancel) is not { } csv) return Refused("file", "The file is not UTF-8.");
        var file = ImportFile.Read(csv, options.Value.MaxCsvRows);
        if (file.Error is not null) return Refused("file", [file.Error, .. file.Rejected.Select(row => $"Line {row.Line}: {row.Reason}")]);

        var import = NewImport.Add(db, engagementId, fileName, caller.UserId()!, time.GetUtcNow(), file);
        await db.SaveChangesAsync(cancel);
        return TypedResults.Created($"/api/v1/imports/{import.Id}", ImportBody.Of(import));
    }

    private static async Task<string?> ReadTextAsync(Stream body, CancellationToken cancel)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        using var reader = new StreamReader(body, utf8, detectEncodingFromByteOrderMarks: true);
        try
        {
            return await reader.ReadToEndAsync(cancel);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static ValidationProblem Refused(string field, params string[] errors) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = errors });
}

internal sealed record ImportBody(
    long Version, string Id, string Tenant, string EngagementId, string FileName, string ImportedBy, DateTimeOffset ImportedAt,
    int AcceptedRows, IReadOnlyList<RejectedRow> RejectedRows)
{
    public static ImportBody Of(Import import) =>
        new(import.Version, import.Id, import.TenantId, import.EngagementId, import.FileName, import.ImportedBy, import.ImportedAt,
            import.AcceptedRows, import.RejectedRows);
}
