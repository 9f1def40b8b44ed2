namespace MigrationPlatform.Data;

/// <summary>What a tenant of the sample gets: how much of everything, and from which seed.</summary>
internal sealed record SeedTenant(string Id, int Seed, int Clients, int Engagements, int Imports, int AssetsPerImport, int Users)
{
    public static IReadOnlyList<SeedTenant> All { get; } =
    [
        new("acme", Seed: 1, Clients: 6, Engagements: 24, Imports: 60, AssetsPerImport: 80, Users: 24),
        new("globex", Seed: 2, Clients: 3, Engagements: 10, Imports: 24, AssetsPerImport: 60, Users: 12),
    ];
}
