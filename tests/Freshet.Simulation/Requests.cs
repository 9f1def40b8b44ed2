using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>A request for a key, or a load's nested read of one.</summary>
internal sealed class Request
{
    public required Key Key { get; init; }

    public required SimNode Node { get; init; }

    /// <summary>Null for nested reads and for refreshes in the background.</summary>
    public Client? Client { get; init; }

    /// <summary>The load that reads this and waits for it; null for a client's request, and when that load no longer waits.</summary>
    public Load? Parent { get; set; }

    /// <summary>Whether it takes what memory has and loads nothing.</summary>
    public bool OnlyIfThere { get; init; }

    /// <summary>What the rows were when its transaction began, for a request under one (C2).</summary>
    public int[]? Snapshot { get; init; }

    public long BeganAt { get; init; }

    /// <summary>The oldest version that each row of the answer may have, by what this client and this node know.</summary>
    public int[] RequiredHere { get; set; } = [];

    /// <summary>The same by what was acknowledged anywhere at least MaxStaleness before the request began.</summary>
    public int[] RequiredEverywhere { get; set; } = [];

    public bool HasArrived { get; set; }

    public Arrival Arrival { get; set; }

    /// <summary>What authentication read; -1 before.</summary>
    public int Authenticated { get; set; } = -1;
}

internal enum LoadPhase : byte
{
    Store,
    Check,
    Ticket,
    Origin,
    Nested,
    Ended,
}

/// <summary>A running load.</summary>
internal sealed class Load
{
    public required Request Leader { get; init; }

    public required Key Key { get; init; }

    /// <summary>The clocks of its key on its node.</summary>
    public KeyClocks KeyClocks => Leader.Node.KeyClocks[Key.Index];

    /// <summary>Its place among the turns of its key; null when it loads for itself.</summary>
    public LoadTurns<Request>.Load? Turn { get; init; }

    public required int[] Values { get; set; }

    public required LoadPhase Phase { get; set; }

    public required bool IsAmbient { get; init; }

    /// <summary>Whether much happens between two of its steps.</summary>
    public required bool IsSlow { get; init; }

    public long Fence => Leader.Arrival.Tick;

    /// <summary>Until when it hangs.</summary>
    public long StuckUntil { get; set; }

    public int NextPart { get; set; }

    /// <summary>The nested read that it waits for.</summary>
    public Request? Inside { get; set; }

    /// <summary>The parts, one bit each, that ended without a value: the load answered something else there.</summary>
    public int FailedParts { get; set; }

    /// <summary>The clocks of what was read inside those parts.</summary>
    public EntryClocks.Collector? ReadInFailedParts { get; set; }

    /// <summary>Whether it is not known what was read inside one of them.</summary>
    public bool HoldsUnknown { get; set; }

    public bool HoldsStale { get; set; }

    /// <summary>What it writes; null for nothing.</summary>
    public Write? Writing { get; set; }

    public bool IsReleased { get; set; }

    public long Ticket { get; set; } = -1;

    public long WaitsSince { get; set; }

    /// <summary>What it has asked the store; answers to earlier questions come too late.</summary>
    public long Question { get; set; }

    public long AskedAtTick { get; set; }

    public Position[] HeardWhenAsked { get; set; } = [];

    /// <summary>The fence here of the entry that the store answered.</summary>
    public long StoredFence { get; set; }
}

/// <summary>An entry in a node's memory. Immutable.</summary>
internal sealed record Entry(int[] Values, EntryClocks Clocks, long Fence, long Ticket, long ExpiresAt, bool HoldsStale);

internal enum WriteState : byte
{
    Begun,
    Committed,
    Appending,
    Done,
}

/// <summary>A write: it commits, is appended to one log or two, and is acknowledged.</summary>
internal sealed class Write
{
    public required Client Client { get; init; }

    public required SimNode Node { get; init; }

    public required int Life { get; init; }

    public required Change Change { get; init; }

    public WriteState State { get; set; }

    /// <summary>The versions that it gave to the rows.</summary>
    public int[] Versions { get; set; } = [];

    public bool HasCommitted { get; set; }

    public bool OutcomeUnknown { get; set; }

    public bool IsAcknowledged { get; set; }

    /// <summary>By touched log: the question whose answer it waits for; 0 for not asked, -1 for answered.</summary>
    public long[] Attempts { get; } = new long[World.Instance.LogCount];

    public Position[] Positions { get; } = new Position[World.Instance.LogCount];

    /// <summary>The load that makes it, whose leader's answer acknowledges it; null when it has an answer of its own.</summary>
    public Load? Inside { get; init; }

    /// <summary>Whether the head of the answer was sent before it was made (C9).</summary>
    public bool IsLate { get; set; }

    /// <summary>What its request carried of other logs, the one heard of first ahead, and for how many more its client has room (C10).</summary>
    public required CarriedLog[] Carried { get; init; }

    public required int Room { get; init; }

    public int Unanswered { get; set; }

    /// <summary>How many of its touches wait to be logged.</summary>
    public int Pending { get; set; }

    public bool WasPending { get; set; }

    /// <summary>Whether a server that had been deposed took one of its records.</summary>
    public bool ThroughDeposed { get; set; }

    /// <summary>Of those, by touched log: whether its node has since told the log of the server that took over.</summary>
    public bool[] Heard { get; } = new bool[World.Instance.LogCount];

    public long WaitsSince { get; set; }
}
