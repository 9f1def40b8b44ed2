using System.Globalization;
using System.Security.Cryptography;
using MigrationPlatform.Data;

namespace MigrationPlatform.Imports;

/// <summary>Turns a file that was read into rows: the import, a mapping for each column, an asset for each good row.</summary>
internal static class NewImport
{
    public static Import Add(
        PlatformDb db, string engagementId, string fileName, string importedBy, DateTimeOffset importedAt, ImportFile file)
    {
        var key = RandomNumberGenerator.GetHexString(12, lowercase: true);
        var import = new Import
        {
            TenantId = db.TenantId,
            Id = $"imp-{key}",
            EngagementId = engagementId,
            FileName = fileName,
            ImportedBy = importedBy,
            // As the database keeps it, so that this answer and the next one agree.
            ImportedAt = DateTimeOffset.FromUnixTimeMilliseconds(importedAt.ToUnixTimeMilliseconds()),
            AcceptedRows = file.Rows.Count,
            RejectedRows = file.Rejected,
        };
        db.Add(import);
        db.AddRange(file.Columns.Select((column, at) => new FieldMapping
        {
            TenantId = db.TenantId,
            Id = string.Create(CultureInfo.InvariantCulture, $"m-{key}-{at + 1:00}"),
            ImportId = import.Id,
            Source = column.Source,
            Target = column.Match.Target,
            Confidence = column.Match.Confidence,
            Status = MappingStatus.Pending,
        }));
        db.AddRange(file.Rows.Select(row => new Asset
        {
            TenantId = db.TenantId,
            Id = string.Create(CultureInfo.InvariantCulture, $"a-{key}-{row.Line:00000}"),
            EngagementId = engagementId,
            ImportId = import.Id,
            Type = row.Type,
            Name = row.Name,
            Bytes = row.Bytes,
            Status = AssetStatus.Discovered,
        }));
        return import;
    }
}
