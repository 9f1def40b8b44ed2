namespace MigrationPlatform;

/// <summary>A list of one tenant, whose version grows with each change of anything it shows or could show.</summary>
internal sealed record ListBody<T>(long Version, string Tenant, IReadOnlyList<T> Items);
