namespace Freshet.Simulation;

/// <summary>The kinds of events that a run must have seen to prove anything.</summary>
internal enum Event : byte
{
    // Answers.
    AnsweredFresh,
    AnsweredByOwnLoad,
    AnsweredByFollowing,
    AnsweredStaleWhileRevalidate,
    AnsweredStaleOnError,
    AnsweredError,
    AnsweredFromStore,
    AnsweredByStoreClocks,

    // Verdicts and decisions.
    VerdictTouched,
    VerdictNoContact,
    VerdictSession,
    VerdictExpired,
    ArrivalMustLoad,
    FollowerSentOn,
    NextLoadLed,
    LoadRetried,
    LoadAlone,

    // Loads.
    LoadStarted,
    LoadStartedSlow,
    LoadFailed,
    LoadCancelled,
    LoadReleased,
    LoadAmbient,
    LoadNested,
    NestedHit,
    NestedStale,
    NestedNotThere,
    NestedLeft,
    SurvivedFailure,
    SurvivedUnknown,
    LoadNotStoredNoContact,
    MemoryKept,
    StoreWrote,
    StoreWriteRefused,
    WaiterLeft,
    RefreshInBackground,

    // Writes.
    WriteCommitted,
    WriteAcknowledged,
    WriteInTwoLogs,
    WriteInThreeLogs,
    WriteInAnotherLog,
    WriteWithoutTenant,
    WriteInsideALoad,
    WriteBehindTheHead,
    WriteHadNoRoom,
    WriteCommitUnknown,
    WriteRolledBack,
    WritePending,
    PendingLogged,
    WriteThroughDeposed,
    DeposedWriteHeard,
    TouchedNothing,
    TouchedCoarser,

    // The log and its followers.
    RecordApplied,
    RecordKnown,
    RecordGap,
    RecordsRead,
    LogTrimmed,
    LogAged,
    EpochAdopted,
    EpochStarted,
    EpochStartLost,
    ContactProved,
    BeatWithoutHeads,
    ContactEnded,
    ProbeTooLate,
    AppendNeededEpoch,

    // Faults.
    PushLost,
    PushDoubled,
    MessageLost,
    MessageFrozen,
    MessageHeld,
    LoadStuck,
    NodeRestarted,
    FailedOver,
    NodeIsolated,
    DeposedRefused,
    StoreEmptied,
    LogEvicted,
    EntryEvicted,
    MemoryEvicted,
}

/// <summary>How often each event occurred.</summary>
internal sealed class Coverage
{
    private readonly long[] _counts = new long[Enum.GetValues<Event>().Length];

    public void Count(Event e) => _counts[(int)e]++;

    public long this[Event e] => _counts[(int)e];

    public void Add(Coverage other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
    }
}
