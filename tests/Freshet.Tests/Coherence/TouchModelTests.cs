using Freshet.Coherence;
using Freshet.Simulation;

namespace Freshet.Tests.Coherence;

/// <summary>
/// Touches and dependencies on random paths beside a naive model that compares segments; in tables that grow, are halved and are given
/// back below the entries.
/// </summary>
public class TouchModelTests
{
    private const int Rounds = 40_000;
    private const int Entries = 64;

    private static readonly string[] Segments = ["a", "b", "ab", "A", "/", "%2F", "*", "@a", "\u00e9", "e\u0301"];

    [Theory]
    [InlineData(1, TagClocks.DefaultSize, false)]
    [InlineData(2, TagClocks.DefaultSize, false)]
    [InlineData(3, 2048, false)] // at one another's expense, and clocks are forgotten
    [InlineData(4, 64, false)]
    [InlineData(5, TagClocks.DefaultSize, true)]
    public void C4_TouchesAndDependencies_AgreeWithPaths(ulong seed, int size, bool drops)
    {
        var random = new Prng(seed);
        var table = new TagClocks(size);
        Tenant[] tenants = [Tenant.Default, Tenant.Public, Tenant.Named("d"), Tenant.Named("p")];
        var entries = new (Tenant Tenant, Dependency Dependency, EntryClocks Clocks, long Fence, bool IsTouched)[Entries];
        var tooMany = 0;
        for (var i = 0; i < Entries; i++)
            entries[i] = Entry(i);

        (Tenant, Dependency, EntryClocks, long, bool) Entry(int _)
        {
            var tenant = tenants[random.Below(tenants.Length)];
            var path = Path(random);
            Dependency dependency = random.Below(2) == 0 ? path.Subtree : path;
            var clocks = new EntryClocks.Collector();
            table.AddClocks(tenant, dependency, clocks);
            return (tenant, dependency, clocks.ToClocks(), table.Now, false);
        }

        for (var round = 0; round < Rounds; round++)
        {
            var tenant = tenants[random.Below(tenants.Length)];
            var touched = Enumerable.Range(0, 1 + random.Below(4)).Select(_ => Path(random)).ToArray();
            table.Touch(tenant, touched);
            if (drops && random.Below(500) == 0)
                table.Drop(tenants[random.Below(tenants.Length)]);
            for (var i = 0; i < Entries; i++)
            {
                ref var entry = ref entries[i];
                var dependency = entry.Dependency;
                entry.IsTouched |= entry.Tenant == tenant && touched.Any(t => Hits(t, dependency));
                var untouched = entry.Clocks.Untouched(entry.Fence);
                if (entry.IsTouched)
                    Assert.False(untouched, $"{string.Join(", ", touched.AsEnumerable())} must hit {entry.Dependency}");
                else if (!untouched)
                    tooMany++;
                if (!untouched)
                    entry = Entry(i);
            }
        }

        if (size == TagClocks.DefaultSize && !drops)
            Assert.Equal(0, tooMany);
    }

    private static Tag Path(Prng random)
    {
        var tag = Tag.Root;
        for (var depth = random.Below(4); depth > 0; depth--)
            tag = tag.Child(Segments[random.Below(Segments.Length)]);
        return tag;
    }

    internal static bool Hits(Tag touched, Dependency dependency) =>
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
