namespace MigrationPlatform.Data;

/// <summary>A row whose <see cref="Version"/> starts at one, grows by one with each change and guards against lost updates.</summary>
internal interface IVersioned
{
    long Version { get; set; }
}

/// <summary>A row of one tenant: ids are unique within it, and only there.</summary>
internal abstract class TenantRow : IVersioned
{
    public required string TenantId { get; init; }
    public required string Id { get; init; }
    public long Version { get; set; }
}

internal sealed class Client : TenantRow
{
    public required string Name { get; set; }
    public required string Industry { get; set; }
}

internal sealed class Engagement : TenantRow
{
    public required string ClientId { get; init; }
    public Client? Client { get; init; }
    public required string Name { get; set; }
    public EngagementStatus Status { get; set; }
}

internal sealed class Import : TenantRow
{
    public required string EngagementId { get; init; }
    public required string FileName { get; init; }
    public required string ImportedBy { get; init; }
    public required DateTimeOffset ImportedAt { get; init; }
    public required int AcceptedRows { get; init; }
    public List<RejectedRow> RejectedRows { get; init; } = [];
}

/// <summary>A line of a CSV that could not be imported, and why.</summary>
internal sealed record RejectedRow(int Line, string Reason);

internal sealed class FieldMapping : TenantRow
{
    public required string ImportId { get; init; }
    public required string Source { get; init; }
    public string? Target { get; set; }

    /// <summary>How sure the suggestion is, from 0 to 100.</summary>
    public required int Confidence { get; init; }
    public MappingStatus Status { get; set; }
}

internal sealed class Asset : TenantRow
{
    public required string EngagementId { get; init; }
    public required string ImportId { get; init; }
    public required AssetType Type { get; init; }
    public required string Name { get; set; }
    public required long Bytes { get; init; }
    public AssetStatus Status { get; set; }
}

internal sealed class User : TenantRow
{
    /// <summary>The name to sign in with, unique within the tenant.</summary>
    public required string Login { get; init; }
    public required string Name { get; set; }
    public required string Email { get; set; }
    public required string Phone { get; set; }
    public required Role Role { get; set; }
}

/// <summary>Reference data: the same for every tenant.</summary>
internal sealed class Country : IVersioned
{
    public required string Code { get; init; }
    public required string English { get; set; }
    public required string Slovak { get; set; }
    public long Version { get; set; }
}

public enum EngagementStatus { Planned, Active, OnHold, Done }

public enum MappingStatus { Pending, Approved, Rejected }

public enum AssetType { Server, Database, Application, Document, FileShare }

public enum AssetStatus { Discovered, Mapped, Migrated, Failed }

public enum Role { Viewer, Editor, Admin }
