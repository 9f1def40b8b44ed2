namespace MigrationPlatform;

/// <summary>A list, whose version grows with each change of anything it shows or could show.</summary>
internal sealed record ListBody<T>(long Version, IReadOnlyList<T> Items);
