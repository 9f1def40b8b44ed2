using Freshet.Keys;

namespace Freshet.Coherence;

/// <summary>
/// What this node knows about touched tags, and its logical clock: the tick, the number of touches it has applied over
/// the logs of all tenants.
/// </summary>
/// <remarks>
/// <para>One fixed table of counters serves every tenant. Each counter holds the tick at which a tag that hashes to it was
/// last touched, so a touch costs the depth of its tag however many entries carry it, nothing has to be forgotten, and no
/// counter can be lost alone (C12). A collision only invalidates too much.</para>
/// <para>A tag has two clocks: <i>at</i> moves when the tag itself is touched, <i>below</i> when something under it is.
/// A dependency on a node reads <i>at</i> of the tag and of each ancestor (touching a tag hits everything under it); on a
/// subtree it reads <i>below</i> of its tag as well.</para>
/// <para>Thread safety: touches take a lock, reads take none. A touch writes its counters before it publishes the tick
/// (release), and a fence or an arrival reads the tick first (acquire), so who has read tick t sees the counters of every
/// touch up to t. A reader in the middle of a touch may see counters above the tick it has read: that only
/// invalidates too early.</para>
/// </remarks>
internal sealed class TagClocks
{
    public const int DefaultSize = 1 << 20;

    private const ulong AtSalt = 0x9e3779b97f4a7c15;
    private const ulong BelowSalt = 0xc2b2ae3d27d4eb4f;

    private readonly long[] _clocks;
    private readonly uint _mask;
    private readonly Lock _gate = new();
    private long _now;
    private long _lastTouch;

    /// <param name="size">The number of counters: a power of two from 64 to 2^26. Eight bytes each.</param>
    public TagClocks(int size = DefaultSize)
    {
        if (size is < 64 or > 1 << 26 || (size & (size - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "The number of tag clocks is a power of two from 64 to 67,108,864.");
        _clocks = new long[size];
        _mask = (uint)size - 1;
    }

    /// <summary>The tick now: every touch up to it is visible to whoever has read it.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>The tick of the last touch: those after it touch nothing.</summary>
    public long LastTouch => Volatile.Read(ref _lastTouch);

    /// <summary>Makes everything that depends on one of the tags invalid, from now on.</summary>
    /// <returns>The tick of the touch.</returns>
    public long Touch(Tenant tenant, IReadOnlyList<Tag> tags)
    {
        var tenantHash = TagHash.OfText(tenant.Id);
        lock (_gate)
        {
            var tick = _now + 1;
            for (var i = 0; i < tags.Count; i++)
            {
                var path = tags[i].PathHashes;
                for (var depth = 0; depth < path.Length - 1; depth++)
                    Volatile.Write(ref _clocks[Index(tenantHash, path[depth], BelowSalt)], tick);
                Volatile.Write(ref _clocks[Index(tenantHash, path[^1], AtSalt)], tick);
            }

            Volatile.Write(ref _lastTouch, tick);
            Volatile.Write(ref _now, tick);
            return tick;
        }
    }

    /// <summary>Starts a new tick that touches nothing.</summary>
    public long Advance()
    {
        lock (_gate)
        {
            var tick = _now + 1;
            Volatile.Write(ref _now, tick);
            return tick;
        }
    }

    /// <summary>Makes everything of the tenant invalid (C7, C13).</summary>
    public void Forget(Tenant tenant) => Touch(tenant, [Tag.Root]);

    /// <summary>Whether none of the clocks has moved since the fence: the one rule.</summary>
    public bool Untouched(ReadOnlySpan<int> clocks, long fence)
    {
        var table = _clocks;
        foreach (var clock in clocks)
        {
            if (Volatile.Read(ref table[clock]) > fence)
                return false;
        }

        return true;
    }

    /// <summary>Adds the clocks that a dependency reads.</summary>
    public void AddClocks(Tenant tenant, Dependency dependency, HashSet<int> clocks)
    {
        var tenantHash = TagHash.OfText(tenant.Id);
        var path = dependency.Tag.PathHashes;
        foreach (var prefix in path)
            clocks.Add(Index(tenantHash, prefix, AtSalt));
        if (dependency.IsSubtree)
            clocks.Add(Index(tenantHash, path[^1], BelowSalt));
    }

    private int Index(ulong tenant, ulong prefix, ulong salt) => (int)((uint)TagHash.Mix(prefix ^ salt, tenant) & _mask);
}
