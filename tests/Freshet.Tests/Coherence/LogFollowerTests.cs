using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

/// <summary>What a follower makes of what it hears: contact, records, gaps and epochs.</summary>
public class LogFollowerTests : FollowerTests
{
    [Fact]
    public void C6_BeforeTheFirstAnswer_NoContact()
    {
        Assert.False(Follower.InContact(0));
        Assert.Equal(FollowStep.Probe, Follower.OnSubscribed());
        Assert.False(Follower.InContact(0));
    }

    [Fact]
    public void C6_Contact_LastsFromTheSendTimeOfTheProbe()
    {
        Follow(new Position(First, 3), sentAt: 1000);

        Assert.True(Follower.InContact(1000 + MaxStaleness - 1));
        Assert.False(Follower.InContact(1000 + MaxStaleness));
    }

    [Fact]
    public void C6_RecordsBeforeTheAnswerAreMissing_NoContactUntilTheyAreApplied()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = Follower.MakeProbe(1000);

        Assert.Equal(FollowStep.ReadRecords, Follower.OnHead(probe, new Position(First, 5)));
        Assert.False(Follower.InContact(1000));
        Assert.Equal(FollowStep.ReadRecords, Follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.False(Follower.InContact(1000));
        Assert.Equal(FollowStep.Done, Follower.OnRecord(First, new LogRecord(5, Row)));
        Assert.True(Follower.InContact(1000));
    }

    [Fact]
    public void C6_AnswerFromBeforeAReconnect_SaysNothing()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = Follower.MakeProbe(1000);
        Follower.OnContactLost();
        Follower.OnSubscribed();

        Assert.Equal(FollowStep.Done, Follower.OnHead(probe, new Position(First, 3)));
        Assert.False(Follower.InContact(1000));
    }

    [Fact]
    public void C6_ContactLost_EndsAtOnce()
    {
        Follow(new Position(First, 3), sentAt: 1000);
        Follower.OnContactLost();

        Assert.False(Follower.InContact(1001));
        Assert.Equal(FollowStep.Done, Follower.OnHead(Follower.MakeProbe(1001), new Position(First, 3)));
        Assert.False(Follower.InContact(1001));
    }

    [Fact]
    public void C6_OlderAnswerComesLast_ContactDoesNotStepBack()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var older = Follower.MakeProbe(1000);
        var newer = Follower.MakeProbe(1050);
        Follower.OnHead(newer, new Position(First, 3));
        Follower.OnHead(older, new Position(First, 3));

        Assert.True(Follower.InContact(1050 + MaxStaleness - 1));
    }

    [Fact]
    public void C7_RecordsInOrder_TouchAndMove()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Assert.Equal(FollowStep.Done, Follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.Equal(new Position(First, 4), Follower.Applied);
        Assert.False(RowClocks.Untouched(fence));
        Assert.True(RowClocks.Untouched(Clocks.Now));
    }

    [Fact]
    public void C7_DoubledRecord_IsAppliedOnce()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnRecord(First, new LogRecord(4, Row));
        var tick = Clocks.Now;

        Assert.Equal(FollowStep.Done, Follower.OnRecord(First, new LogRecord(4, Row)));
        Assert.Equal(tick, Clocks.Now);
    }

    [Fact]
    public void C7_Gap_IsReadFromTheLog()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;
        Assert.Equal(FollowStep.ReadRecords, Follower.OnRecord(First, new LogRecord(5, Other)));
        Assert.Equal(3, Follower.Applied.Offset);

        var asked = Follower.MakeProbe(10);
        Follower.OnRecords(asked, new LogReading(new Position(First, 5), [new LogRecord(4, Row), new LogRecord(5, Other)]));

        Assert.Equal(5, Follower.Applied.Offset);
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C7_TrimmedLog_TheTenantIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Follower.OnRecords(Follower.MakeProbe(10), new LogReading(new Position(First, 500), null));

        Assert.Equal(new Position(First, 500), Follower.Applied);
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C7_TrimmedAnswerComesLate_NothingIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var asked = Follower.MakeProbe(10);
        for (var offset = 4; offset <= 9; offset++)
            Follower.OnRecord(First, new LogRecord(offset, Other));
        var fence = Clocks.Now;

        Follower.OnRecords(asked, new LogReading(new Position(First, 8), null));

        Assert.Equal(9, Follower.Applied.Offset);
        Assert.True(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C7_AnotherEpoch_TheTenantIsForgotten()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;
        Assert.Equal(FollowStep.Probe, Follower.OnRecord(Second, new LogRecord(1, Other)));
        Assert.True(RowClocks.Untouched(fence));

        Follower.OnHead(Follower.MakeProbe(10), new Position(Second, 1));

        Assert.Equal(new Position(Second, 1), Follower.Applied);
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C7_TwoProbesMeetAnotherEpoch_TheLaterAnswerIsAskedAgain()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var one = Follower.MakeProbe(10);
        var two = Follower.MakeProbe(11);
        Follower.OnHead(two, new Position(Second, 1));
        var tick = Clocks.Now;

        // It was asked in the first epoch, so whether it speaks of an older epoch or a newer one cannot be told.
        Assert.Equal(FollowStep.Probe, Follower.OnHead(one, new Position(First, 4)));
        Assert.Equal(new Position(Second, 1), Follower.Applied);
        Assert.Equal(tick, Clocks.Now);
    }

    [Fact]
    public void C10_Covers_WhatIsAppliedInTheSameEpoch()
    {
        Follow(new Position(First, 3), sentAt: 0);

        Assert.True(Follower.Covers(new Position(First, 3)));
        Assert.False(Follower.Covers(new Position(First, 4)));
        Assert.False(Follower.Covers(new Position(Second, 1)));
    }
}
