using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

public class LogFollowerTests
{
    private const long MaxStaleness = 100;

    private static readonly Tenant Owner = Tenant.Named("a");
    private static readonly Epoch First = new(1);
    private static readonly Epoch Second = new(2);
    private static readonly Tag[] Row = [Tag.Of("row", "1")];
    private static readonly Tag[] Other = [Tag.Of("row", "2")];

    private readonly TagClocks _clocks = new(1024);
    private readonly LogFollower _follower;
    private readonly int[] _rowClocks;

    public LogFollowerTests()
    {
        _follower = new LogFollower(Owner, _clocks, MaxStaleness);
        var clocks = new HashSet<int>();
        _clocks.AddClocks(Owner, Row[0], clocks);
        _rowClocks = [.. clocks];
    }

    [Fact]
    public void C6_BeforeTheFirstAnswer_NoContact()
    {
        Assert.False(_follower.InContact(0));
        Assert.Equal(FollowStep.Probe, _follower.OnSubscribed());
        Assert.False(_follower.InContact(0));
    }

    [Fact]
    public void C6_Contact_LastsFromTheSendTimeOfTheProbe()
    {
        Follow(new Position(First, 3), sentAt: 1000);

        Assert.True(_follower.InContact(1000 + MaxStaleness - 1));
        Assert.False(_follower.InContact(1000 + MaxStaleness));
    }

    [Fact]
    public void C6_RecordsBeforeTheAnswerAreMissing_NoContactUntilTheyAreApplied()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = _follower.MakeProbe(1000);

        Assert.Equal(FollowStep.ReadRecords, _follower.OnHead(probe, new Position(First, 5)));
        Assert.False(_follower.InContact(1000));
        Assert.Equal(FollowStep.ReadRecords, _follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.False(_follower.InContact(1000));
        Assert.Equal(FollowStep.Done, _follower.OnRecord(First, new LogRecord(5, Row)));
        Assert.True(_follower.InContact(1000));
    }

    [Fact]
    public void C6_AnswerFromBeforeAReconnect_SaysNothing()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = _follower.MakeProbe(1000);
        _follower.OnContactLost();
        _follower.OnSubscribed();

        Assert.Equal(FollowStep.Done, _follower.OnHead(probe, new Position(First, 3)));
        Assert.False(_follower.InContact(1000));
    }

    [Fact]
    public void C6_ContactLost_EndsAtOnce()
    {
        Follow(new Position(First, 3), sentAt: 1000);
        _follower.OnContactLost();

        Assert.False(_follower.InContact(1001));
        Assert.Equal(FollowStep.Done, _follower.OnHead(_follower.MakeProbe(1001), new Position(First, 3)));
        Assert.False(_follower.InContact(1001));
    }

    [Fact]
    public void C6_OlderAnswerComesLast_ContactDoesNotStepBack()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var older = _follower.MakeProbe(1000);
        var newer = _follower.MakeProbe(1050);
        _follower.OnHead(newer, new Position(First, 3));
        _follower.OnHead(older, new Position(First, 3));

        Assert.True(_follower.InContact(1050 + MaxStaleness - 1));
    }

    [Fact]
    public void C7_RecordsInOrder_TouchAndMove()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        Assert.Equal(FollowStep.Done, _follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.Equal(new Position(First, 4), _follower.Applied);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
        Assert.True(_clocks.Untouched(_rowClocks, _clocks.Now));
    }

    [Fact]
    public void C7_DoubledRecord_IsAppliedOnce()
    {
        Follow(new Position(First, 3), sentAt: 0);
        _follower.OnRecord(First, new LogRecord(4, Row));
        var tick = _clocks.Now;

        Assert.Equal(FollowStep.Done, _follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.Equal(tick, _clocks.Now);
    }

    [Fact]
    public void C7_Gap_IsReadFromTheLog()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;
        Assert.Equal(FollowStep.ReadRecords, _follower.OnRecord(First, new LogRecord(5, Other)));
        Assert.Equal(3, _follower.Applied.Offset);

        var asked = _follower.MakeProbe(10);
        _follower.OnRecords(asked, new LogReading(new Position(First, 5), [new LogRecord(4, Row), new LogRecord(5, Other)]));

        Assert.Equal(5, _follower.Applied.Offset);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C7_TrimmedLog_TheTenantIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        _follower.OnRecords(_follower.MakeProbe(10), new LogReading(new Position(First, 500), null));

        Assert.Equal(new Position(First, 500), _follower.Applied);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C7_TrimmedAnswerComesLate_NothingIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var asked = _follower.MakeProbe(10);
        for (var offset = 4; offset <= 9; offset++)
            _follower.OnRecord(First, new LogRecord(offset, Other));
        var fence = _clocks.Now;

        _follower.OnRecords(asked, new LogReading(new Position(First, 8), null));

        Assert.Equal(9, _follower.Applied.Offset);
        Assert.True(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C7_AnotherEpoch_TheTenantIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;
        Assert.Equal(FollowStep.Probe, _follower.OnRecord(Second, new LogRecord(1, Other)));
        Assert.True(_clocks.Untouched(_rowClocks, fence));

        _follower.OnHead(_follower.MakeProbe(10), new Position(Second, 1));

        Assert.Equal(new Position(Second, 1), _follower.Applied);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C7_TwoProbesMeetAnotherEpoch_TheLaterAnswerIsAskedAgain()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var one = _follower.MakeProbe(10);
        var two = _follower.MakeProbe(11);
        _follower.OnHead(two, new Position(Second, 1));
        var tick = _clocks.Now;

        // It was asked in the first epoch, so whether it speaks of an older epoch or a newer one cannot be told.
        Assert.Equal(FollowStep.Probe, _follower.OnHead(one, new Position(First, 4)));
        Assert.Equal(new Position(Second, 1), _follower.Applied);
        Assert.Equal(tick, _clocks.Now);
    }

    [Fact]
    public void C9_OwnAppend_CountsAtOnce()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        Assert.Equal(FollowStep.Done, _follower.OnAppended(new Position(First, 4), Row));

        Assert.Equal(4, _follower.Applied.Offset);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C9_OwnAppendBehindRecordsOfOthers_CountsAtOnceAndThePositionFollows()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        Assert.Equal(FollowStep.ReadRecords, _follower.OnAppended(new Position(First, 5), Row));

        Assert.Equal(3, _follower.Applied.Offset);
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C9_OwnAppendInAnotherEpoch_CountsAtOnceAndTheHeadIsAsked()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        Assert.Equal(FollowStep.Probe, _follower.OnAppended(new Position(Second, 1), Row));
        Assert.False(_clocks.Untouched(_rowClocks, fence));
    }

    [Fact]
    public void C10_Covers_WhatIsAppliedInTheSameEpoch()
    {
        Follow(new Position(First, 3), sentAt: 0);

        Assert.True(_follower.Covers(new Position(First, 3)));
        Assert.False(_follower.Covers(new Position(First, 4)));
        Assert.False(_follower.Covers(new Position(Second, 1)));
    }

    [Fact]
    public void C13_HeadFromBeforeWhatWasApplied_StartsAnEpoch()
    {
        Follow(new Position(First, 3), sentAt: 0);

        Assert.Equal(FollowStep.StartEpoch, _follower.OnHead(_follower.MakeProbe(10), new Position(First, 2)));
        Assert.False(_follower.InContact(MaxStaleness));
    }

    [Fact]
    public void C13_HeadFromBeforeAPushThatCameMeanwhile_IsNoLoss()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = _follower.MakeProbe(10);
        _follower.OnRecord(First, new LogRecord(4, Row));

        Assert.Equal(FollowStep.Done, _follower.OnHead(probe, new Position(First, 3)));
        Assert.True(_follower.InContact(10 + MaxStaleness - 1));
    }

    [Fact]
    public void C13_NodeHadAppendedInTheEpochThatEnded_AllAreToldToForget()
    {
        // The server that took the append may no longer have led: then nobody else has heard of it.
        Follow(new Position(First, 3), sentAt: 0);
        _follower.OnAppended(new Position(First, 4), Row);

        var probe = _follower.MakeProbe(10);
        _follower.OnHead(probe, new Position(Second, 7));

        Assert.Equal([Tag.Root], Assert.Single(_follower.Pending));
        Assert.False(_follower.InContact(10));
        _follower.OnPendingLogged(new Position(Second, 8));
        Assert.Empty(_follower.Pending);
        Assert.True(_follower.InContact(10));
    }

    [Fact]
    public void C13_NodeHadAppendedNothing_NobodyIsTold()
    {
        Follow(new Position(First, 3), sentAt: 0);
        _follower.OnHead(_follower.MakeProbe(10), new Position(Second, 7));

        Assert.Empty(_follower.Pending);
        Assert.True(_follower.InContact(10));
    }

    [Fact]
    public void C14_NotLogged_IsInvalidHereAndContactWaits()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = _clocks.Now;

        _follower.OnNotLogged(Row);

        Assert.False(_clocks.Untouched(_rowClocks, fence));
        Assert.False(_follower.InContact(1));
        _follower.OnHead(_follower.MakeProbe(5), new Position(First, 3));
        Assert.False(_follower.InContact(5));
        _follower.OnPendingLogged(new Position(First, 4));
        Assert.True(_follower.InContact(5));
    }

    [Fact]
    public void C14_SeveralPending_AreLoggedOldestFirst()
    {
        Follow(new Position(First, 3), sentAt: 0);
        _follower.OnNotLogged(Row);
        _follower.OnNotLogged(Other);
        Assert.Equal([Row, Other], _follower.Pending);

        _follower.OnPendingLogged(new Position(First, 4));
        Assert.False(_follower.InContact(1));
        Assert.Equal([Other], _follower.Pending);
        _follower.OnPendingLogged(new Position(First, 5));
        Assert.True(_follower.InContact(1));
    }

    private void Follow(Position head, long sentAt)
    {
        _follower.OnSubscribed();
        Assert.Equal(FollowStep.Done, _follower.OnHead(_follower.MakeProbe(sentAt), head));
        Assert.Equal(head, _follower.Applied);
    }
}
