using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

internal static class ClockReading
{
    /// <summary>The clocks of an entry that was made from nothing else.</summary>
    public static EntryClocks ClocksOf(this TagClocks table, Tenant tenant, params ReadOnlySpan<Dependency> dependencies)
    {
        var clocks = new EntryClocks.Collector();
        table.AddClocks(tenant, Tag.Root, clocks);
        foreach (var dependency in dependencies)
            table.AddClocks(tenant, dependency, clocks);
        return clocks.ToClocks();
    }
}
