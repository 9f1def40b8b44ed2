using System.Buffers;
using System.Collections.Concurrent;
using System.Numerics;
using Freshet.Keys;

namespace Freshet.Coherence;

/// <summary>
/// What this node knows about touched tags, and its logical clock: the tick, the number of touches it has applied over
/// the logs of all tenants.
/// </summary>
/// <remarks>
/// <para>Each tenant has clocks of its own (<see cref="TenantClocks"/>), so no write of one tenant makes an entry of another one
/// invalid. A touch costs the depth of its tag however many entries carry it. Clocks are found by 32 bits of a keyed hash: two tags of
/// one tenant share a clock once in four thousand million times, nobody can choose which, and it only invalidates too much.</para>
/// <para>A tag has two clocks: <i>at</i> moves when the tag itself is touched, <i>below</i> when something under it is.
/// A dependency on a node reads <i>at</i> of the tag and of each ancestor (touching a tag hits everything under it); on a
/// subtree it reads <i>below</i> of its tag as well.</para>
/// <para>Bounds. Tables begin small and double. All together have at most the configured number of places, beside the first
/// <see cref="FirstSize"/> of each tenant. When these are spent, a table grows at the expense of one that is at least four times as large,
/// the one that was touched longest ago; if there is none, it forgets the half of its own clocks that moved longest ago. A tenant that
/// nobody has used for long gives its clocks back.</para>
/// <para>C12: what is missing is invalid. A forgotten clock counts as touched at the highest tick that was forgotten with it. Clocks
/// that were given back are dead: what was made from them is invalid for ever; the tenant's next ones count as touched up to the tick at
/// which clocks were last given back, so a load that began before it finds no touch missing.</para>
/// <para>Thread safety: touches take a lock, reads take none. A touch writes its clocks before it publishes the tick (release),
/// and a fence or an arrival reads the tick first (acquire), so who has read tick t sees the clocks of every touch up to t.</para>
/// </remarks>
internal sealed class TagClocks
{
    public const int DefaultSize = 1 << 20;

    /// <summary>How many places a tenant's first table has.</summary>
    public const int FirstSize = 16;

    /// <summary>So many tenants have clocks before those that nobody uses are looked for.</summary>
    public const int FirstTenants = 4096;

    private const int MostOnStack = 128;

    private readonly ConcurrentDictionary<Tenant, TenantClocks> _tenants = new();
    private readonly TagHash _hash;
    private readonly int _most;
    private readonly int[] _tablesOfSize = new int[32];
    private readonly Lock _gate = new();
    private long _places; // those of tables above the first size
    private int _tenantLimit = FirstTenants;
    private long _droppedAt;
    private long _now;
    private long _lastTouch;

    /// <param name="size">The number of places for clocks of all tenants: a power of two from 64 to 2^26. Twelve bytes each.</param>
    /// <param name="hash">By which tags fall on clocks; null: one that nobody else has.</param>
    public TagClocks(int size = DefaultSize, TagHash? hash = null)
    {
        if (size is < 64 or > 1 << 26 || (size & (size - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(size), size, "The number of tag clocks is a power of two from 64 to 67,108,864.");
        _most = size;
        _hash = hash ?? TagHash.Random();
    }

    /// <summary>The tick now: every touch up to it is visible to whoever has read it.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>The tick of the last touch: those after it touch nothing.</summary>
    public long LastTouch => Volatile.Read(ref _lastTouch);

    /// <summary>How many tenants have clocks.</summary>
    public int Tenants => _tenants.Count;

    /// <summary>How many places the tables above the first size have together.</summary>
    public long Places => Volatile.Read(ref _places);

    /// <summary>Makes everything that depends on one of the tags invalid, from now on.</summary>
    /// <returns>The tick of the touch.</returns>
    public long Touch(Tenant tenant, IReadOnlyList<Tag> tags)
    {
        var count = 0;
        var (root, belowRoot) = (false, false);
        for (var i = 0; i < tags.Count; i++)
        {
            var depth = tags[i].Segments.Length;
            count += depth;
            root |= depth == 0;
            belowRoot |= depth > 0;
        }

        uint[]? rented = null;
        Span<uint> moved = count <= MostOnStack ? stackalloc uint[MostOnStack] : rented = ArrayPool<uint>.Shared.Rent(count);
        moved = moved[..Hash(tags, moved)];

        long tick;
        lock (_gate)
        {
            tick = _now + 1;
            var clocks = Find_NeedsLock(tenant);
            if (!clocks.HasRoomFor(moved.Length) && !TryMakeRoom_NeedsLock(clocks, moved.Length))
            {
                // More than there may ever be: all of the tenant.
                moved = [];
                root = true;
            }

            clocks.Move(moved, root, belowRoot, tick);
            Volatile.Write(ref _lastTouch, tick);
            Volatile.Write(ref _now, tick);
        }

        if (rented is not null)
            ArrayPool<uint>.Shared.Return(rented);
        return tick;
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

    /// <summary>Gives the tenant's clocks back: everything that was made from them is invalid for ever (C12).</summary>
    public void Drop(Tenant tenant)
    {
        lock (_gate)
        {
            if (_tenants.TryGetValue(tenant, out var clocks))
                Drop_NeedsLock(clocks);
        }
    }

    /// <summary>The same tenant, in the object that all share who name it: an entry keeps it.</summary>
    public Tenant Known(Tenant tenant) => Find(tenant).Tenant;

    /// <summary>Adds the clocks that a dependency reads.</summary>
    public void AddClocks(Tenant tenant, Dependency dependency, EntryClocks.Collector clocks)
    {
        var owner = Find(tenant);
        var path = dependency.Tag.Segments;
        clocks.AddRoot(owner, readsBelow: dependency.IsSubtree && path.Length == 0);
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        _hash.OfPrefixes(path, hashes);
        foreach (var hash in hashes[..path.Length])
            clocks.Add(owner, TenantClocks.At(hash));
        if (dependency.IsSubtree && path.Length > 0)
            clocks.Add(owner, TenantClocks.Below(hashes[path.Length - 1]));
    }

    // Outside of the lock, which is for the clocks only. What lies below a parent is named once for all neighbours.
    private int Hash(IReadOnlyList<Tag> tags, Span<uint> moved)
    {
        Span<ulong> hashes = stackalloc ulong[Tag.MaxDepth];
        ReadOnlySpan<string> last = [];
        var count = 0;
        for (var i = 0; i < tags.Count; i++)
        {
            var path = tags[i].Segments;
            if (path.Length == 0)
                continue;
            // What is above both is hashed already, and moved unless it was the last tag itself.
            var common = last.CommonPrefixLength(path, StringComparer.Ordinal);
            for (var depth = common; depth < path.Length; depth++)
                hashes[depth] = _hash.Of(depth == 0 ? TagHash.Root : hashes[depth - 1], path[depth]);
            for (var depth = Math.Min(common, Math.Max(0, last.Length - 1)); depth < path.Length - 1; depth++)
                moved[count++] = TenantClocks.Below(hashes[depth]);
            moved[count++] = TenantClocks.At(hashes[path.Length - 1]);
            last = path;
        }

        return count;
    }

    private TenantClocks Find(Tenant tenant)
    {
        if (_tenants.TryGetValue(tenant, out var clocks))
            return clocks.Use();
        lock (_gate)
            return Find_NeedsLock(tenant).Use();
    }

    private TenantClocks Find_NeedsLock(Tenant tenant)
    {
        if (_tenants.TryGetValue(tenant, out var clocks))
            return clocks;
        _ = tenant.Id; // which is refused when there is none
        if (_tenants.Count >= _tenantLimit)
            DropUnused_NeedsLock();
        return _tenants[tenant] = new TenantClocks(tenant, _droppedAt);
    }

    // Each tenant that was not used since the last time: at least as many others were met since as had clocks then.
    private void DropUnused_NeedsLock()
    {
        foreach (var (tenant, clocks) in _tenants)
        {
            if (!clocks.WasUsed() && !tenant.IsPublic)
                Drop_NeedsLock(clocks);
        }

        _tenantLimit = Math.Max(FirstTenants, 2 * _tenants.Count);
    }

    private void Drop_NeedsLock(TenantClocks clocks)
    {
        _tenants.TryRemove(clocks.Tenant, out _);
        Count_NeedsLock(clocks.Size, -1);
        clocks.Die();
        _droppedAt = _now;
    }

    // The table that fits, or else the largest that there is room for, in which the clocks that moved last stay.
    private bool TryMakeRoom_NeedsLock(TenantClocks clocks, int moved)
    {
        var size = clocks.Size;
        for (var wanted = Math.Max(FirstSize, Math.Min(_most, clocks.SizeFor(moved))); wanted >= size && wanted > 1; wanted /= 2)
        {
            while (!HasRoom(wanted, size) && LargestAbove_NeedsLock(wanted) is { } larger)
                Resize_NeedsLock(larger, larger.Size / 2);
            if (!HasRoom(wanted, size))
                continue;
            Resize_NeedsLock(clocks, (int)wanted);
            return clocks.HasRoomFor(moved);
        }

        return false;
    }

    private bool HasRoom(long wanted, int instead) => wanted <= Math.Max(FirstSize, instead) || _places - Counted(instead) + wanted <= _most;

    // Halved it is no smaller than the one that grows at its expense.
    private TenantClocks? LargestAbove_NeedsLock(long size)
    {
        var largest = Array.FindLastIndex(_tablesOfSize, count => count > 0);
        if (largest < 0 || 1L << largest < 2 * size)
            return null;
        TenantClocks? found = null;
        foreach (var (_, clocks) in _tenants)
        {
            if (clocks.Size == 1 << largest && (found is null || clocks.TouchedAt < found.TouchedAt))
                found = clocks;
        }

        return found;
    }

    private void Resize_NeedsLock(TenantClocks clocks, int size)
    {
        Count_NeedsLock(clocks.Size, -1);
        clocks.Resize(size);
        Count_NeedsLock(size, 1);
    }

    private void Count_NeedsLock(int size, int by)
    {
        if (Counted(size) == 0)
            return;
        _tablesOfSize[BitOperations.Log2((uint)size)] += by;
        Volatile.Write(ref _places, _places + (by * (long)size));
    }

    // The first places of a tenant are its own, whatever the others have.
    private static int Counted(int size) => size > FirstSize ? size : 0;
}
