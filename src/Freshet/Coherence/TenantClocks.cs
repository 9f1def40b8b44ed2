namespace Freshet.Coherence;

/// <summary>
/// The clocks of one tenant's tags: the tick at which each was last touched. The root's two are fields of their own.
/// </summary>
/// <remarks>
/// <para>Any thread may call <see cref="Untouched"/>. All other members need the lock of <see cref="TagClocks"/>.</para>
/// <para>A touch writes clocks, and before them a table that it replaces, then the tick of the last touch, and all of it before
/// <see cref="TagClocks"/> publishes the tick (release). Who judges has read a tick before (acquire), so he sees the clocks of every
/// touch up to it; a touch that is under way may be seen in part, which only invalidates too early. He takes the table before he
/// looks at the root's clock: a table that has forgotten clocks is published after the root's clock was moved to the highest of them,
/// so who has the table finds that (C12: what is missing is invalid).</para>
/// </remarks>
internal sealed class TenantClocks(Tenant tenant, long missingUpTo)
{
    private ClockTable _table = ClockTable.Empty;
    private long _touchedAt = missingUpTo;
    private long _at = missingUpTo; // the root, touched or forgotten
    private long _below;
    private bool _isUsed = true;

    public Tenant Tenant => tenant;

    /// <summary>How many places for clocks the table has.</summary>
    public int Size => _table.Size;

    /// <summary>The tick of the last touch.</summary>
    public long TouchedAt => _touchedAt;

    /// <summary>The clock that moves when a tag itself is touched, as the hash that entries keep.</summary>
    /// <param name="path">The hash of the tag's path, which is not the root's.</param>
    public static uint At(ulong path) => Math.Max((uint)path, 1);

    /// <summary>The clock that moves when something under a tag is touched.</summary>
    /// <inheritdoc cref="At"/>
    public static uint Below(ulong path) => Math.Max((uint)(path >> 32), 1);

    /// <summary>Whether none of the clocks has moved since the fence: the one rule.</summary>
    /// <param name="clocks">As <see cref="EntryClocks"/> writes them: one number that begins the list, then the hashes.</param>
    /// <param name="fence">The tick that was known before the load began.</param>
    public bool Untouched(ReadOnlySpan<uint> clocks, long fence)
    {
        // A hint, and written rarely: else its line would travel between processors.
        if (!_isUsed)
            _isUsed = true;
        // Most often nothing at all of the tenant was touched since.
        if (Volatile.Read(ref _touchedAt) <= fence)
            return true;
        var table = Volatile.Read(ref _table);
        if (Volatile.Read(ref _at) > fence || ((clocks[0] & 1) != 0 && Volatile.Read(ref _below) > fence))
            return false;
        return !table.IsAnyAbove(clocks[1..], fence);
    }

    /// <summary>Somebody uses the clocks.</summary>
    public TenantClocks Use()
    {
        _isUsed = true;
        return this;
    }

    /// <summary>Whether anybody has used the clocks since this was last asked.</summary>
    public bool WasUsed()
    {
        var was = _isUsed;
        _isUsed = false;
        return was;
    }

    /// <summary>Whether the table holds so many more clocks.</summary>
    public bool HasRoomFor(int clocks) => clocks == 0 || _table.HasRoomFor(clocks);

    /// <summary>The size that the table should have for so many more clocks.</summary>
    public long SizeFor(int clocks) => ClockTable.SizeFor((long)_table.Count + clocks);

    /// <param name="clocks">Which, but those of the root.</param>
    /// <param name="root">Whether the root itself is touched.</param>
    /// <param name="below">Whether anything under it is.</param>
    /// <param name="tick">The tick of the touch.</param>
    public void Move(ReadOnlySpan<uint> clocks, bool root, bool below, long tick)
    {
        foreach (var clock in clocks)
            _table.Move(clock, tick);
        if (below)
            Volatile.Write(ref _below, tick);
        if (root)
            Volatile.Write(ref _at, tick);
        Volatile.Write(ref _touchedAt, tick);
    }

    /// <summary>Gives the table another size, a power of two. What finds no room any more counts as touched when the last of it was.</summary>
    public void Resize(int size)
    {
        var table = _table.WithSize(size, out var forgotten);
        Volatile.Write(ref _at, Math.Max(_at, forgotten));
        Volatile.Write(ref _table, table);
    }

    /// <summary>From now on whatever was made from these clocks is invalid for ever (C12).</summary>
    public void Die()
    {
        Volatile.Write(ref _at, long.MaxValue);
        Volatile.Write(ref _table, ClockTable.Empty);
        Volatile.Write(ref _touchedAt, long.MaxValue);
    }
}
