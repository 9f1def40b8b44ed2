using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

/// <summary>Positions of stored entries and ticks of the node, in each other's words.</summary>
public sealed class LogFollowerStoreTests : FollowerTests
{
    private bool IsValid(Position stored) => Follower.FenceOf(stored) is { } fence && RowClocks.Untouched(fence);

    [Fact]
    public void C4_EntryStoredBeforeTheTouch_IsInvalidHere_AndOneFromAfterItIsValid()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Follower.OnRecord(First, new LogRecord(6, Other));
        Follower.OnRecord(First, new LogRecord(7, Row));
        Follower.OnRecord(First, new LogRecord(8, Other));

        Assert.False(IsValid(new Position(First, 5)));
        Assert.False(IsValid(new Position(First, 6)));
        Assert.True(IsValid(new Position(First, 7)));
        Assert.True(IsValid(new Position(First, 8)));
    }

    [Fact]
    public void C4_TouchThatIsStillToCome_InvalidatesIt()
    {
        Follow(new Position(First, 5), sentAt: 0);
        var fence = Follower.FenceOf(new Position(First, 5))!.Value;
        Assert.True(RowClocks.Untouched(fence));
        Follower.OnRecord(First, new LogRecord(6, Row));
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C4_EntryFromAheadOfThisNode_IsJudgedFromNowOn()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(Clocks.Now, Follower.FenceOf(new Position(First, 9)));
    }

    [Fact]
    public void C7_EntryFromBeforeWhatIsRemembered_CannotBeTold()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Null(Follower.FenceOf(new Position(First, 4)));
        for (var offset = 6; offset <= 20; offset++)
            Follower.OnRecord(First, new LogRecord(offset, Other));
        Assert.Null(Follower.FenceOf(new Position(First, 11)));
        Assert.NotNull(Follower.FenceOf(new Position(First, 12)));
    }

    [Fact]
    public void C12_EntryOfAnotherEpoch_IsNone()
    {
        Assert.Null(Follower.FenceOf(default));
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Null(Follower.FenceOf(new Position(Second, 5)));
    }

    [Fact]
    public void C9_OwnRecordAheadOfWhatIsApplied_EntriesFromBeforeItCannotBeTold()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(FollowStep.ReadRecords, Follower.OnAppended(new Position(First, 7), Row));
        Assert.False(IsValid(new Position(First, 5)));
        Assert.False(IsValid(new Position(First, 6)));
        Assert.True(IsValid(new Position(First, 7)));

        Follower.OnRecord(First, new LogRecord(6, Other));
        Follower.OnRecord(First, new LogRecord(7, Row));
        Assert.False(IsValid(new Position(First, 6)));
        Assert.True(IsValid(new Position(First, 7)));
    }

    [Fact]
    public void C1_PositionAt_IsWhatWasAppliedAtThatTick()
    {
        Assert.Null(Follower.PositionAt(Clocks.Now));
        var before = Clocks.Now;
        Follow(new Position(First, 5), sentAt: 0);
        var (at5, at6) = (Clocks.Now, 0L);
        Clocks.Touch(Tenant.Named("other"), Row);
        Assert.Equal(new Position(First, 5), Follower.PositionAt(Clocks.Now));
        Follower.OnRecord(First, new LogRecord(6, Row));
        at6 = Clocks.Now;
        Follower.OnRecord(First, new LogRecord(7, Row));

        Assert.Null(Follower.PositionAt(before));
        Assert.Equal(new Position(First, 5), Follower.PositionAt(at5));
        Assert.Equal(new Position(First, 5), Follower.PositionAt(at6 - 1));
        Assert.Equal(new Position(First, 6), Follower.PositionAt(at6));
        Assert.Equal(new Position(First, 7), Follower.PositionAt(Clocks.Now));
    }

    [Fact]
    public void C1_PositionFromBeforeWhatIsRemembered_CannotBeTold()
    {
        Follow(new Position(First, 0), sentAt: 0);
        var start = Clocks.Now;
        for (var offset = 1; offset <= 8; offset++)
            Follower.OnRecord(First, new LogRecord(offset, Other));
        Assert.Equal(new Position(First, 0), Follower.PositionAt(start));
        Follower.OnRecord(First, new LogRecord(9, Other));
        Assert.Null(Follower.PositionAt(start));
        Assert.Equal(new Position(First, 2), Follower.PositionAt(start + 2));
    }

    [Fact]
    public void C6_BeatWithoutAHead_ProvesThatTheStreamIsWhole_OnlyAfterTheFirstHead()
    {
        Follower.OnSubscribed();
        Assert.Equal(FollowStep.Probe, Follower.OnBeat(Follower.MakeProbe(10)));
        Assert.False(Follower.InContact(10));
        Follower.OnHead(Follower.MakeProbe(10), new Position(First, 5));

        Assert.Equal(FollowStep.Done, Follower.OnBeat(Follower.MakeProbe(60)));
        Assert.True(Follower.InContact(159));
        Assert.False(Follower.InContact(160));
    }

    [Fact]
    public void C6_BeatWhileRecordsThatWereToldAreMissing_GivesNoContactUntilTheyAreApplied()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(FollowStep.ReadRecords, Follower.OnRecord(First, new LogRecord(7, Row)));
        Assert.Equal(FollowStep.ReadRecords, Follower.OnBeat(Follower.MakeProbe(60)));
        Assert.False(Follower.InContact(120));
        Follower.OnRecords(Follower.MakeProbe(61), new LogReading(new Position(First, 7), [new LogRecord(6, Other), new LogRecord(7, Row)]));
        Assert.True(Follower.InContact(120));
    }

    [Fact]
    public void C7_ARecordOfAnotherEpochWasTold_TheNextBeatNeedsAHead()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(FollowStep.Probe, Follower.OnRecord(Second, new LogRecord(1, Row)));
        Assert.Equal(FollowStep.Probe, Follower.OnBeat(Follower.MakeProbe(60)));
        Assert.False(Follower.InContact(120));
        Follower.OnHead(Follower.MakeProbe(70), new Position(Second, 1));
        Assert.True(Follower.InContact(120));
    }

    [Fact]
    public void C6_BeatOfAnEarlierConnection_SaysNothing()
    {
        Follow(new Position(First, 5), sentAt: 0);
        var probe = Follower.MakeProbe(60);
        Follower.OnContactLost();
        Follow(new Position(First, 5), sentAt: 20);
        Assert.Equal(FollowStep.Done, Follower.OnBeat(probe));
        Assert.False(Follower.InContact(120));
    }

    [Fact]
    public void C6_BeatWhileRecordsBeforeTheHeadAreMissing_GivesNoContact()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(FollowStep.ReadRecords, Follower.OnHead(Follower.MakeProbe(50), new Position(First, 7)));
        Assert.Equal(FollowStep.ReadRecords, Follower.OnBeat(Follower.MakeProbe(60)));
        Assert.False(Follower.InContact(120));
    }

    [Fact]
    public void C7_C12_LogVanishesWhileItsRecordsAreRead_TheHeadIsAskedAgain()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Assert.Equal(FollowStep.ReadRecords, Follower.OnHead(Follower.MakeProbe(50), new Position(First, 7)));
        Assert.Equal(FollowStep.Probe, Follower.OnRecords(Follower.MakeProbe(51), new LogReading(new Position(First, 5), [])));
        Assert.Equal(FollowStep.Probe, Follower.OnBeat(Follower.MakeProbe(60)));
        Assert.False(Follower.InContact(120));
        Follower.OnHead(Follower.MakeProbe(70), new Position(Second, 0));
        Assert.True(Follower.InContact(120));
    }

    [Fact]
    public void C1_C7_RecordsThatAged_WhereTheLogStoodSinceThenIsKnown_AndBeforeIsNot()
    {
        Follow(new Position(First, 5), sentAt: 0);
        Follower.OnRecord(First, new LogRecord(6, Other));
        var between = Clocks.Now;
        Follower.OnRecord(First, new LogRecord(7, Row));
        Follower.Age();
        Follower.Age();

        Assert.Null(Follower.PositionAt(between));
        Assert.Equal(new Position(First, 7), Follower.PositionAt(Clocks.Now));
        Assert.Null(Follower.FenceOf(new Position(First, 6)));
        Assert.Equal(Clocks.Now, Follower.FenceOf(new Position(First, 7)));
        Assert.True(Follower.Covers(new Position(First, 6)));
        Assert.Null(Follower.ReadAfter(new Position(First, 6)).Records);
    }
}
