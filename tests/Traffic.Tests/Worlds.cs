using Traffic.Scripts;

namespace Traffic.Tests;

/// <summary>A small tenant for the script to move in.</summary>
internal static class Worlds
{
    public static Account Admin { get; } = new("alice@acme", "acme", "u-1", "admin");

    public static Account Viewer { get; } = new("vera@acme", "acme", "u-2", "viewer");

    public static TenantWorld Acme { get; } = new(
        "acme",
        [Admin, Viewer],
        [new EngagementWorld("e-1", ["a-1", "a-2"]), new EngagementWorld("e-2", ["a-3"])],
        [new ImportWorld("i-1", "e-1", ["m-1", "m-2", "m-3"]), new ImportWorld("I-1", "e-2", ["m-4"])]);
}
