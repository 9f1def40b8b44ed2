using Freshet.Coherence;
using Freshet.Simulation;

namespace Freshet.Tests.Coherence;

/// <summary>Touches and dependencies on random paths beside a naive model that compares segments.</summary>
public class TouchModelTests
{
    private const int Rounds = 40_000;
    private const int Entries = 64;

    private static readonly string[] Segments = ["a", "b", "ab", "A", "/", "%2F", "*", "@a", "\u00e9", "e\u0301"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void C4_TouchesAndDependencies_AgreeWithPaths(ulong seed)
    {
        var random = new Prng(seed);
        var table = new TagClocks(1 << 22);
        Tenant[] tenants = [Tenant.Default, Tenant.Public, Tenant.Named("d"), Tenant.Named("p")];
        var entries = new (Tenant Tenant, Dependency Dependency, int[] Clocks, long Fence, bool IsTouched)[Entries];
        var collisions = 0;
        for (var i = 0; i < Entries; i++)
            entries[i] = Entry(i);

        (Tenant, Dependency, int[], long, bool) Entry(int _)
        {
            var tenant = tenants[random.Below(tenants.Length)];
            var path = Path(random);
            Dependency dependency = random.Below(2) == 0 ? path.Subtree : path;
            var clocks = new HashSet<int>();
            table.AddClocks(tenant, dependency, clocks);
            return (tenant, dependency, [.. clocks], table.Now, false);
        }

        for (var round = 0; round < Rounds; round++)
        {
            var tenant = tenants[random.Below(tenants.Length)];
            var touched = Path(random);
            table.Touch(tenant, [touched]);
            for (var i = 0; i < Entries; i++)
            {
                ref var entry = ref entries[i];
                entry.IsTouched |= entry.Tenant == tenant && Hits(touched, entry.Dependency);
                var untouched = table.Untouched(entry.Clocks, entry.Fence);
                if (entry.IsTouched)
                    Assert.False(untouched, $"{touched} must hit {entry.Dependency}");
                else if (!untouched)
                    collisions++;
                if (!untouched)
                    entry = Entry(i);
            }
        }

        // The table is large beside the few thousand paths of this test.
        Assert.True(collisions < 200, $"{collisions} entries were hit by a tag that does not concern them");
    }

    private static Tag Path(Prng random)
    {
        var tag = Tag.Root;
        for (var depth = random.Below(4); depth > 0; depth--)
            tag = tag.Child(Segments[random.Below(Segments.Length)]);
        return tag;
    }

    private static bool Hits(Tag touched, Dependency dependency) =>
        IsPrefix(touched, dependency.Tag) || (dependency.IsSubtree && IsPrefix(dependency.Tag, touched));

    private static bool IsPrefix(Tag prefix, Tag tag)
    {
        if (prefix.Segments.Length > tag.Segments.Length)
            return false;
        for (var i = 0; i < prefix.Segments.Length; i++)
        {
            if (!string.Equals(prefix.Segments[i], tag.Segments[i], StringComparison.Ordinal))
                return false;
        }

        return true;
    }
}
