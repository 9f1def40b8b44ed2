using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

/// <summary>What a node appends itself, could not append, or may have lost with its server.</summary>
public class LogFollowerAppendTests : FollowerTests
{
    [Fact]
    public void C9_OwnAppend_CountsAtOnce()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Assert.Equal(FollowStep.Done, Follower.OnAppended(new Position(First, 4), Row));

        Assert.Equal(4, Follower.Applied.Offset);
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C9_OwnAppendBehindRecordsOfOthers_CountsAtOnceAndThePositionFollows()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Assert.Equal(FollowStep.ReadRecords, Follower.OnAppended(new Position(First, 5), Row));

        Assert.Equal(3, Follower.Applied.Offset);
        Assert.False(RowClocks.Untouched(fence));
    }

    [Fact]
    public void C9_OwnAppendInAnotherEpoch_CountsAtOnceAndTheHeadIsAsked()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Assert.Equal(FollowStep.Probe, Follower.OnAppended(new Position(Second, 1), Row));
        Assert.False(RowClocks.Untouched(fence));
        // C6: until a head shows that epoch, nothing proves that this one goes on.
        Assert.False(Follower.InContact(1));
        Assert.Equal(FollowStep.Probe, Follower.OnBeat(Follower.MakeProbe(2)));
    }

    [Fact]
    public void C13_FirstThingThatANodeDoesIsAnAppend_NobodyIsToldToForget()
    {
        Follower.OnSubscribed();
        Assert.Equal(FollowStep.Probe, Follower.OnAppended(new Position(First, 1), Row));
        Assert.Equal(FollowStep.Done, Follower.OnHead(Follower.MakeProbe(5), new Position(First, 1)));

        Assert.Empty(Follower.Pending);
        Assert.True(Follower.InContact(5));
    }

    [Fact]
    public void C13_OwnAppendInAnotherEpochThanTheLastOne_AllAreToldToForgetOnce()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnAppended(new Position(First, 4), Row);
        Follower.OnAppended(new Position(Second, 1), Row);
        Assert.Equal([Tag.Root], Assert.Single(Follower.Pending));

        Follower.OnHead(Follower.MakeProbe(5), new Position(Second, 1));
        Assert.Single(Follower.Pending);
        Follower.OnPendingLogged(new Position(Second, 2));
        Assert.Empty(Follower.Pending);
        Assert.True(Follower.InContact(5));
    }

    [Fact]
    public void C13_AppendIsAnsweredByTheServerOfAnEpochThatWasLeft_AllAreToldToForget()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnHead(Follower.MakeProbe(5), new Position(Second, 1));
        Assert.Equal(FollowStep.Probe, Follower.OnAppended(new Position(First, 4), Row));
        Follower.OnHead(Follower.MakeProbe(6), new Position(Second, 1));

        Assert.Equal([Tag.Root], Assert.Single(Follower.Pending));
        Assert.False(Follower.InContact(6));
        Follower.OnPendingLogged(new Position(Second, 2));
        Assert.True(Follower.InContact(6));
    }

    [Fact]
    public void C13_AskedInAnEpochThatIsLost_AllAreToldToForget()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Assert.Equal(FollowStep.Done, Follower.OnAskedFor(First));
        Assert.True(Follower.InContact(1));

        Follower.OnHead(Follower.MakeProbe(5), new Position(Second, 1));
        Assert.Equal([Tag.Root], Assert.Single(Follower.Pending));
        Assert.False(Follower.InContact(5));
        Follower.OnPendingLogged(new Position(Second, 2));
        Assert.True(Follower.InContact(5));
    }

    [Fact]
    public void C13_AskedInAnEpochThatWasLeftMeanwhile_AllAreToldToForget()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnHead(Follower.MakeProbe(5), new Position(Second, 1));
        Assert.Equal(FollowStep.Probe, Follower.OnAskedFor(First));
        Follower.OnHead(Follower.MakeProbe(6), new Position(Second, 1));
        Assert.Equal([Tag.Root], Assert.Single(Follower.Pending));
        Assert.False(Follower.InContact(6));
    }

    [Fact]
    public void C13_EpochEndsAgainWhileAllAreToldToForget_TheyAreToldInTheLastOne()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnAppended(new Position(First, 4), Row);
        Follower.OnHead(Follower.MakeProbe(5), new Position(Second, 1));
        Follower.OnPendingLogged(new Position(new Epoch(3), 1));
        Assert.Empty(Follower.Pending);
    }

    [Fact]
    public void C13_HeadFromBeforeWhatWasApplied_StartsAnEpoch()
    {
        Follow(new Position(First, 3), sentAt: 0);

        Assert.Equal(FollowStep.StartEpoch, Follower.OnHead(Follower.MakeProbe(10), new Position(First, 2)));
        Assert.False(Follower.InContact(MaxStaleness));
    }

    [Fact]
    public void C13_HeadFromBeforeAPushThatCameMeanwhile_IsNoLoss()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var probe = Follower.MakeProbe(10);
        Follower.OnRecord(First, new LogRecord(4, Row));

        Assert.Equal(FollowStep.Done, Follower.OnHead(probe, new Position(First, 3)));
        Assert.True(Follower.InContact(10 + MaxStaleness - 1));
    }

    [Fact]
    public void C13_NodeHadAppendedInTheEpochThatEnded_AllAreToldToForget()
    {
        // The server that took the append may no longer have led: then nobody else has heard of it.
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnAppended(new Position(First, 4), Row);

        var probe = Follower.MakeProbe(10);
        Follower.OnHead(probe, new Position(Second, 7));

        Assert.Equal([Tag.Root], Assert.Single(Follower.Pending));
        Assert.False(Follower.InContact(10));
        Follower.OnPendingLogged(new Position(Second, 8));
        Assert.Empty(Follower.Pending);
        Assert.True(Follower.InContact(10));
    }

    [Fact]
    public void C13_NodeHadAppendedNothing_NobodyIsTold()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnHead(Follower.MakeProbe(10), new Position(Second, 7));

        Assert.Empty(Follower.Pending);
        Assert.True(Follower.InContact(10));
    }

    [Fact]
    public void C14_NotLogged_IsInvalidHereAndContactWaits()
    {
        Follow(new Position(First, 3), sentAt: 0);
        var fence = Clocks.Now;

        Follower.OnNotLogged(Row);

        Assert.False(RowClocks.Untouched(fence));
        Assert.False(Follower.InContact(1));
        Follower.OnHead(Follower.MakeProbe(5), new Position(First, 3));
        Assert.False(Follower.InContact(5));
        Follower.OnPendingLogged(new Position(First, 4));
        Assert.True(Follower.InContact(5));
    }

    [Fact]
    public void C14_SeveralPending_AreLoggedOldestFirst()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnNotLogged(Row);
        Follower.OnNotLogged(Other);
        Assert.Equal([Row, Other], Follower.Pending);

        Follower.OnPendingLogged(new Position(First, 4));
        Assert.False(Follower.InContact(1));
        Assert.Equal([Other], Follower.Pending);
        Follower.OnPendingLogged(new Position(First, 5));
        Assert.True(Follower.InContact(1));
    }

    [Fact]
    public void C14_MorePendingThanAreKept_BecomeOneThatTouchesEverything()
    {
        Follow(new Position(First, 3), sentAt: 0);
        for (var i = 0; i <= LogFollower.MostPending; i++)
            Follower.OnNotLogged(Row);

        Assert.Equal([Row, [Tag.Root], Row], Follower.Pending);
        for (var offset = 4; offset <= 6; offset++)
            Follower.OnPendingLogged(new Position(First, offset));
        Assert.True(Follower.InContact(1));
    }

    [Fact]
    public void C14_AllAreToldToForgetWhenNoMoreAreKept_TheNextOneMakesThemOneAllTheSame()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnAppended(new Position(First, 4), Row);
        for (var i = 0; i < LogFollower.MostPending; i++)
            Follower.OnNotLogged(Row);
        Follower.OnAppended(new Position(Second, 1), Row); // C13
        Follower.OnNotLogged(Other);

        Assert.Equal([Row, [Tag.Root], Other], Follower.Pending);
    }

    [Fact]
    public void C14_PendingWasToldBeforeItsAnswerCame_ContactReturnsWithTheAnswer()
    {
        Follow(new Position(First, 3), sentAt: 0);
        Follower.OnNotLogged(Row);
        Follower.OnRecord(First, new LogRecord(4, Row));
        Assert.False(Follower.InContact(1));
        Follower.OnPendingLogged(new Position(First, 4));
        Assert.True(Follower.InContact(1));
    }
}
