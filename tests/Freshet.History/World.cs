namespace Freshet.History;

/// <summary>The rows that everything is about: some of each tenant, and some that are everybody's.</summary>
internal static class World
{
    public const int Tenants = 3;

    /// <summary>The number under which the shared rows stand among the tenants.</summary>
    public const int Shared = Tenants;

    public const int Groups = 4;
    public const int RowsPerGroup = 32;
    public const int RowsPerTenant = Groups * RowsPerGroup;
    public const int Rows = (Tenants + 1) * RowsPerTenant;

    public static int TenantOf(int row) => row / RowsPerTenant;

    public static int GroupOf(int row) => row % RowsPerTenant / RowsPerGroup;

    /// <summary>The number of a row within its tenant, as paths and the database have it.</summary>
    public static int IdOf(int row) => row % RowsPerTenant;

    public static string Name(int row) => TenantOf(row) == Shared ? $"shared row {IdOf(row)}" : $"row {IdOf(row)} of tenant {TenantOf(row)}";
}
