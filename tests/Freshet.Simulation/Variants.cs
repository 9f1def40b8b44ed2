using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>
/// The protocol, broken on purpose: each variant breaks one step of one rule and is caught by the model. A variant that
/// nothing catches would show that the rule, or the simulation, proves nothing.
/// </summary>
internal static partial class Variants
{
    /// <param name="Name">The rule and what is wrong.</param>
    /// <param name="Profile">The faults under which it shows.</param>
    /// <param name="Nodes">On how many nodes.</param>
    /// <param name="Seed">By which seed it is caught.</param>
    /// <param name="Make">The broken rules.</param>
    internal sealed record Variant(string Name, string Profile, int Nodes, ulong Seed, Func<Rules> Make);

    public static IReadOnlyList<Variant> All { get; } =
    [
        new("C1_FenceTakenAtLookUp", "calm", 1, 4, () => new FenceTakenAtLookUp()),
        new("C1_FenceTakenAtTheEnd", "calm", 1, 5, () => new FenceTakenAtTheEnd()),
        new("C1_StoredUnderALaterPlace", "calm", 2, 1, () => new StoredUnderALaterPlace()),
        new("C1_MustLoadTickTakenAfterAuthentication", "streams", 2, 10, () => new MustLoadTickTakenAfterAuthentication()),
        new("C2_PastIsShared", "calm", 2, 3, () => new PastIsShared()),
        new("C3_NestedReadsFromBefore", "calm", 2, 5, () => new NestedReadsFromBefore()),
        new("C3_NestedReadsNeedNotLoad", "lossy", 3, 2, () => new NestedReadsNeedNotLoad()),
        new("C3_DependenciesStayInside", "calm", 2, 3, () => new DependenciesStayInside()),
        new("C3_FailureStaysInside", "calm", 2, 4, () => new FailureStaysInside()),
        new("C3_UnknownInsideIsShared", "calm", 2, 2, () => new UnknownInsideIsShared()),
        new("C3_StaleInsideIsKept", "calm", 1, 1, () => new StaleInsideIsKept()),
        new("C4_OneLogOfTwoIsJudged", "calm", 2, 3, () => new OneLogOfTwoIsJudged()),
        new("C4_StoreIsNotJudged", "calm", 2, 3, () => new StoreIsNotJudged()),
        new("C4_ReadingCountsFromItsArrival", "lossy", 2, 69, () => new ReadingCountsFromItsArrival()),
        new("C5_FollowersTakeAnything", "calm", 2, 1, () => new FollowersTakeAnything()),
        new("C5_EverybodyLeads", "calm", 2, 1, () => new EverybodyLeads()),
        new("C5_OneTickForMustLoad", "lossy", 3, 25, () => new OneTickForMustLoad()),
        new("C6_ContactFromTheAnswer", "stalled", 4, 21, () => new ContactFromTheAnswer()),
        new("C6_ContactBeforeItsRecords", "lossy", 2, 4, () => new ContactBeforeItsRecords()),
        new("C6_BeatIsTrustedOutOfOrder", "lossy", 2, 1, () => new BeatIsTrustedOutOfOrder()),
        new("C6_ContactNeverEnds", "lossy", 2, 5, () => new ContactNeverEnds()),
        new("C6_ProbeOnlyReads", "isolated", 3, 2, () => new ProbeOnlyReads()),
        new("C6_FollowsWithoutContact", "sticky", 3, 4, () => new FollowsWithoutContact()),
        new("C7_GapIsSkipped", "lossy", 2, 3, () => new GapIsSkipped()),
        new("C7_TrimmedIsSkipped", "trimmed", 2, 1, () => new TrimmedIsSkipped()),
        new("C8_AppendsBeforeCommit", "calm", 2, 1, () => new AppendsBeforeItsCommit()),
        new("C8_UnknownOutcomeIsForgotten", "calm", 2, 1, () => new UnknownOutcomeIsForgotten()),
        new("C9_AcknowledgesBeforeItIsLogged", "calm", 2, 5, () => new AcknowledgesBeforeItIsLogged()),
        new("C9_WriterWaitsForThePush", "calm", 2, 2, () => new WriterWaitsForThePush()),
        new("C9_OwnRecordAheadIsOverlooked", "lossy", 2, 12, () => new OwnRecordAheadIsOverlooked()),
        new("C9_OnlyTheFirstLogIsTold", "lossy", 2, 5, () => new OnlyTheFirstLogIsTold()),
        new("C9_WriteInsideALoadIsNotTold", "calm", 2, 6, () => new WriteInsideALoadIsNotTold()),
        new("C9_UntoldIsNotWaitedFor", "calm", 2, 2, () => new UntoldIsNotWaitedFor()),
        new("C10_WithoutTenantNothingIsTold", "calm", 2, 1, () => new WithoutTenantNothingIsTold()),
        new("C10_RoomIsGrantedTwice", "trimmed", 3, 104, () => new RoomIsGrantedTwice()),
        new("C10_WhatIsOnItsWayLosesItsPlace", "trimmed", 3, 24, () => new WhatIsOnItsWayLosesItsPlace()),
        new("C10_PositionIsIgnored", "calm", 2, 5, () => new PositionIsIgnored()),
        new("C11_LastOneWins", "calm", 2, 2, () => new LastOneWins()),
        new("C12_EntriesOutliveTheirLog", "failing", 2, 2, () => new EntriesOutliveTheirLog()),
        new("C13_IncarnationIsIgnored", "failing", 3, 4, () => new IncarnationIsIgnored()),
        new("C13_EpochsAreNamedAlike", "failing", 3, 1, () => new EpochsAreNamedAlike()),
        new("C13_NobodyIsToldOfTheLost", "isolated", 2, 7, () => new NobodyIsToldOfTheLost()),
        new("C14_PendingStaysValid", "lossy", 2, 1, () => new PendingStaysValid()),
        new("C15_TouchedIsServedOnError", "calm", 2, 3, () => new TouchedIsServedOnError()),
        new("C17_CollectionTakesThePlaceOfRows", "bulk", 2, 1, () => new CollectionTakesThePlaceOfRows()),
    ];

    public static Variant? Find(string name)
    {
        foreach (var variant in All)
        {
            if (variant.Name == name)
                return variant;
        }

        return null;
    }

    private sealed class FenceTakenAtLookUp : Rules
    {
        public override Arrival AtLookUp(TagClocks clocks, Arrival arrival) => arrival with { Tick = clocks.Now };
    }

    private sealed class FenceTakenAtTheEnd : Rules
    {
        public override long FenceOf(TagClocks clocks, Load load) => clocks.Now;
    }

    private sealed class MustLoadTickTakenAfterAuthentication : Rules
    {
        public override Arrival AtLookUp(TagClocks clocks, Arrival arrival) => arrival.MustLoad ? Arrival.ThatMustLoad(clocks) : arrival;
    }

    private sealed class PastIsShared : Rules
    {
        public override bool MayShare(Load load) => true;
    }

    private sealed class NestedReadsFromBefore : Rules
    {
        public override Arrival NestedArrival(TagClocks clocks, Load load) => new(0);
    }

    private sealed class NestedReadsNeedNotLoad : Rules
    {
        public override Arrival NestedArrival(TagClocks clocks, Load load) => base.NestedArrival(clocks, load) with { MustLoad = false };
    }

    private sealed class DependenciesStayInside : Rules
    {
        public override EntryClocks ClocksOf(Load load) => load.KeyClocks.Own;
    }

    private sealed class FailureStaysInside : Rules
    {
        public override EntryClocks ClocksOf(Load load) => load.FailedParts == 0 ? load.KeyClocks.All : ClocksSoFar(load).ToClocks();
    }

    private sealed class UnknownInsideIsShared : Rules
    {
        public override bool RefusesUnknown => false;
    }

    private sealed class StaleInsideIsKept : Rules
    {
        public override bool MayKeep(Load load) => true;
    }

    private sealed class OneLogOfTwoIsJudged : Rules
    {
        public override CacheReason Judge(
            KeyClocks key, Entry entry, Arrival arrival, bool inContact, long now) =>
            Validity.Judge(key.FirstLog, entry.Fence, arrival, inContact, now, entry.ExpiresAt);
    }

    private sealed class StoredUnderALaterPlace : Rules
    {
        public override Position? PositionOf(LogFollower follower, long fence) => follower.Applied;
    }

    private sealed class StoreIsNotJudged : Rules
    {
        public override long? FenceOfStored(LogFollower follower, TagClocks clocks, Position stored) =>
            stored.Epoch == follower.Applied.Epoch ? clocks.Now : null;
    }

    private sealed class BeatIsTrustedOutOfOrder : Rules
    {
        public override bool BeatsWithoutHeads(Profile profile) => true;
    }

    private sealed class ReadingCountsFromItsArrival : Rules
    {
        public override long FenceOfReading(TagClocks clocks, Load load) => clocks.Now;
    }

    private sealed class FollowersTakeAnything : Rules
    {
        public override bool IsStillValid(Load load, long fence, bool inContact) => true;
    }

    private sealed class EverybodyLeads : Rules
    {
        public override LoadTurns<Request>.Decision TakeTurn(
            LoadTurns<Request> turns, Request request, Func<long, bool> knownTouched) =>
            new LoadTurns<Request>().Arrive(request, request.Arrival, knownTouched);
    }

    private sealed class OneTickForMustLoad : Rules
    {
        public override Arrival Arrive(TagClocks clocks, bool mustLoad) => new(clocks.Now, mustLoad);
    }

    private sealed class ContactFromTheAnswer : Rules
    {
        public override FollowStep OnHead(LogFollower follower, in Probe probe, Position head, long now) =>
            follower.OnHead(probe with { SentAt = now }, head);
    }

    private sealed class ContactBeforeItsRecords : Rules
    {
        public override FollowStep OnHead(LogFollower follower, in Probe probe, Position head, long now) =>
            follower.OnHead(probe, head.Epoch == follower.Applied.Epoch ? follower.Applied : head);
    }

    private sealed class ContactNeverEnds : Rules
    {
        public override bool InContact(LogFollower follower, long now) => true;
    }

    private sealed class ProbeOnlyReads : Rules
    {
        public override bool ProbeIsRefused(Server server, long now) => false;
    }

    private sealed class FollowsWithoutContact : Rules
    {
        public override bool MustLoadWithoutContact => false;
    }

    private sealed class GapIsSkipped : Rules
    {
        public override FollowStep OnRecord(LogFollower follower, Epoch epoch, LogRecord record)
        {
            while (epoch == follower.Applied.Epoch && record.Offset > follower.Applied.Offset + 1)
                follower.OnRecord(epoch, new LogRecord(follower.Applied.Offset + 1, []));
            return follower.OnRecord(epoch, record);
        }
    }

    private sealed class TrimmedIsSkipped : Rules
    {
        public override FollowStep OnRecords(LogFollower follower, in Probe asked, LogReading reading)
        {
            while (reading.Records is null && reading.Head.Epoch == follower.Applied.Epoch && reading.Head.Offset > follower.Applied.Offset)
                follower.OnRecord(reading.Head.Epoch, new LogRecord(follower.Applied.Offset + 1, []));
            return follower.OnRecords(asked, reading);
        }
    }

    private sealed class AppendsBeforeItsCommit : Rules
    {
        public override bool AppendsAfterCommit => false;
    }

    private sealed class UnknownOutcomeIsForgotten : Rules
    {
        public override bool AppendsUnknownCommit => false;
    }

    private sealed class LastOneWins : Rules
    {
        public override bool Replaces(long fence, long ticket, long storedFence, long storedTicket) => true;
    }

    private sealed class EntriesOutliveTheirLog : Rules
    {
        public override long? FenceOfStored(LogFollower follower, TagClocks clocks, Position stored) =>
            follower.FenceOf(stored with { Epoch = follower.Applied.Epoch });

        public override bool IsValidInStore(LogState? state, UInt128 server, Position fence, Key key, int index) =>
            state is null || state.Untouched(key, index, fence.Offset);
    }

    private sealed class IncarnationIsIgnored : Rules
    {
        public override bool IsOfThisServer(UInt128 log, UInt128 server) => true;
    }

    private sealed class EpochsAreNamedAlike : Rules
    {
        public override Epoch NameEpoch(Prng random) => new(1);
    }

    private sealed class NobodyIsToldOfTheLost : Rules
    {
        public override bool TellsOthersOfTheLost => false;
    }

    private sealed class PendingStaysValid : Rules
    {
        public override void OnNotLogged(LogFollower follower, IReadOnlyList<Tag> tags)
        {
            // As a cache does that only logs the error.
        }
    }

    private sealed class TouchedIsServedOnError : Rules
    {
        public override bool MayServeStale(CacheReason verdict) => verdict is CacheReason.Expired or CacheReason.Touched;
    }

    private sealed class CollectionTakesThePlaceOfRows : Rules
    {
        // As if what hangs on a row hung on the rows of its parent as well.
        public override IReadOnlyList<Tag> Coarsen(IReadOnlyList<Tag> tags, int mostOfType) =>
            tags.Count <= mostOfType ? tags : [Tag.Of("p", "@parent", "0")];
    }
}
