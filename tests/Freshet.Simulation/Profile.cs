namespace Freshet.Simulation;

/// <summary>How often what goes wrong, per million chances. Every field is one kind of fault; a profile that leaves all at
/// zero is fair weather.</summary>
internal sealed record Profile
{
    public required string Name { get; init; }

    /// <summary>How long an answered probe is good for, in units of simulated time.</summary>
    public int MaxStaleness { get; init; } = 400;

    /// <summary>How many records a log keeps; small, so that followers meet trimmed logs.</summary>
    public int LogCapacity { get; init; } = 16;

    /// <summary>Whether a connection is a stream: what it brings stays in order and complete until it breaks, as on Redis.</summary>
    public bool IsStream { get; init; }

    /// <summary>How often a write begins. The fewer, the longer something stale shows.</summary>
    public int Writes { get; init; }

    public int PushLost { get; init; }

    public int PushDoubled { get; init; }

    /// <summary>A message that is put aside for a long time, be it a push, a request or a reply.</summary>
    public int Frozen { get; init; }

    /// <summary>A request or a reply that never arrives.</summary>
    public int MessageLost { get; init; }

    public int ContactLost { get; init; }

    /// <summary>Nothing reaches a node for a while.</summary>
    public int Stalled { get; init; }

    /// <summary>Whether only one client writes, always on the same node, so that the others' ticks may stand still.</summary>
    public bool IsSticky { get; init; }

    public int NodeRestart { get; init; }

    /// <summary>The primary is replaced by a replica that lacks the last operations.</summary>
    public int Failover { get; init; }

    /// <summary>At a failover: a node stays connected to the primary that was replaced (per million).</summary>
    public int Isolated { get; init; }

    /// <summary>The store comes back with nothing.</summary>
    public int StoreEmptied { get; init; }

    /// <summary>The store evicts a log, or has no memory for an append.</summary>
    public int LogEvicted { get; init; }

    /// <summary>A log, or a node's copy of one, forgets the records that have aged.</summary>
    public int Aged { get; init; }

    /// <summary>How many tags of one type a write touches before they become coarser (C17).</summary>
    public int MostOfType { get; init; } = int.MaxValue;

    public int EntryEvicted { get; init; }

    public int LoadFails { get; init; }

    /// <summary>A load hangs for a long time.</summary>
    public int LoadStuck { get; init; }

    public int LoadCancelled { get; init; }

    public int LoadReleased { get; init; }

    /// <summary>A load writes: the handler of a GET.</summary>
    public int LoadWrites { get; init; }

    /// <summary>A write that is made behind the head of its answer.</summary>
    public int WriteIsLate { get; init; }

    public int Ambient { get; init; }

    public int WaiterLeaves { get; init; }

    public int WriteFails { get; init; }

    public int CommitUnknown { get; init; }

    /// <summary>The node stops to wait for the answer to an append.</summary>
    public int AppendAbandoned { get; init; }

    /// <summary>Whether anything of it can happen to one process with the embedded store.</summary>
    public bool ConcernsEmbedded => this == Calm || NodeRestart > 0;

    /// <summary>How long a replaced primary may go on accepting writes.</summary>
    public int MaxIsolation => 3 * MaxStaleness;

    /// <summary>How long a client carries a position: until every node shows the write to everybody (C10).</summary>
    public int SessionLife => Isolated > 0 ? MaxIsolation + MaxStaleness : MaxStaleness;

    private static Profile Calm { get; } = new()
    {
        Name = "calm",
        Writes = 70_000,
        EntryEvicted = 3_000,
        LoadFails = 10_000,
        LoadStuck = 2_000,
        LoadCancelled = 10_000,
        LoadReleased = 10_000,
        LoadWrites = 5_000,
        WriteIsLate = 150_000,
        Ambient = 40_000,
        WaiterLeaves = 2_000,
        WriteFails = 20_000,
        CommitUnknown = 10_000,
    };

    private static Profile Lossy { get; } = Calm with
    {
        Name = "lossy",
        PushLost = 80_000,
        PushDoubled = 40_000,
        Frozen = 15_000,
        MessageLost = 10_000,
        ContactLost = 1_000,
        Stalled = 600,
        AppendAbandoned = 4_000,
    };

    private static Profile Trimmed { get; } = Lossy with { Name = "trimmed", PushLost = 300_000, LogCapacity = 2 };

    private static Profile Stalling { get; } = Lossy with { Name = "stalled", Writes = 15_000, PushLost = 300_000, Stalled = 5_000 };

    private static Profile Sticky { get; } = Lossy with { Name = "sticky", IsSticky = true };

    private static Profile Failing { get; } = Lossy with
    {
        Name = "failing",
        Writes = 15_000,
        NodeRestart = 100,
        Failover = 800,
        StoreEmptied = 60,
        LogEvicted = 400,
    };

    private static Profile Streaming { get; } = Failing with
    {
        Name = "streams",
        IsStream = true,
        Writes = 40_000,
        PushLost = 0,
        PushDoubled = 0,
        Frozen = 0,
        MessageLost = 0,
        ContactLost = 3_000,
        Isolated = 400_000,
    };

    private static Profile IsolatedPrimary { get; } = Failing with { Name = "isolated", Frozen = 60_000, Isolated = 400_000, Failover = 800 };

    // Bulk writes, and what bounds them: coarser tags, records that age, logs that expire.
    private static Profile Bulk { get; } = Failing with { Name = "bulk", Writes = 40_000, MostOfType = 1, Aged = 20_000, LogEvicted = 2_000 };

    public static IReadOnlyList<Profile> All { get; } = [Calm, Lossy, Trimmed, Stalling, Sticky, Failing, IsolatedPrimary, Streaming, Bulk];

    public static Profile? Find(string name)
    {
        foreach (var profile in All)
        {
            if (profile.Name == name)
                return profile;
        }

        return null;
    }
}
