using Freshet.Coherence;

namespace Freshet.Tests.Coherence;

public class LoadTurnsTests
{
    private readonly LoadTurns<string> _turns = new();
    private readonly List<LoadTurns<string>.Decision> _decisions = [];

    [Fact]
    public void C5_FirstOne_Leads()
    {
        var decision = Arrive("a", 5);

        Assert.Equal(Turn.Lead, decision.Turn);
        Assert.Equal(5, decision.Load!.Fence);
        Assert.False(_turns.IsIdle);
    }

    [Fact]
    public void C5_FollowerBeforeInvalidation_TakesTheResult()
    {
        var load = Arrive("a", 5).Load!;
        Assert.Equal(Turn.Follow, Arrive("b", 5).Turn);

        // The result was touched while it was made; it is valid at the arrival of both all the same.
        Complete(load, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("b", Turn.Take), Only());
        Assert.True(_turns.IsIdle);
    }

    [Fact]
    public void C5_FollowerAfterInvalidation_Waits()
    {
        var load = Arrive("a", 5).Load!;
        Arrive("b", 6);

        Complete(load, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("b", Turn.Lead), Only());
        Assert.Equal(6, _decisions[0].Load!.Fence);
    }

    [Fact]
    public void C5_FollowerAfterUnrelatedTouch_TakesTheResult()
    {
        var load = Arrive("a", 5).Load!;
        Arrive("b", 6);

        Complete(load, LoadEnd.Shared, stillValid: true);

        Assert.Equal(("b", Turn.Take), Only());
    }

    [Fact]
    public void C5_KnownTouched_LeadsTheNextLoadAtOnce()
    {
        Arrive("a", 5);
        var next = Arrive("b", 6, knownTouched: true);
        var follower = Arrive("c", 6, knownTouched: true);

        Assert.Equal(Turn.Lead, next.Turn);
        Assert.Equal(Turn.Follow, follower.Turn);
        Assert.Same(next.Load, follower.Load);
    }

    [Fact]
    public void C5_TwoLoadsRun_TheThirdWaits()
    {
        var first = Arrive("a", 5).Load!;
        var second = Arrive("b", 6, knownTouched: true).Load!;
        Assert.Equal(Turn.Follow, Arrive("c", 7, knownTouched: true).Turn);

        Complete(first, LoadEnd.Shared, stillValid: false);
        Assert.Empty(_decisions);
        Complete(second, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("c", Turn.Lead), Only());
    }

    [Fact]
    public void C5_ManyCannotTake_TheYoungestLeadsAndAllTakeItsResult()
    {
        var load = Arrive("a", 5).Load!;
        Arrive("b", 6);
        Arrive("c", 8);
        Arrive("d", 7);

        Complete(load, LoadEnd.Shared, stillValid: false);
        Assert.Equal(("c", Turn.Lead), Only());
        var next = _decisions[0].Load!;
        Complete(next, LoadEnd.Shared, stillValid: false);

        Assert.Equal([("b", Turn.Take), ("d", Turn.Take)], _decisions.Select(d => (d.Handle, d.Turn)));
    }

    [Fact]
    public void C5_NextLoadRunsAlready_ItServesThoseItCan()
    {
        var first = Arrive("a", 5).Load!;
        Arrive("b", 6);
        var next = Arrive("c", 7, knownTouched: true).Load!;

        Complete(first, LoadEnd.Shared, stillValid: false);
        Assert.Empty(_decisions);
        Complete(next, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("b", Turn.Take), Only());
    }

    [Fact]
    public void C10_SameTickAsTheRunningLoad_DoesNotFollowWhatBeganBefore()
    {
        // Nothing was applied between the load's arrival and this one, so the tick alone cannot tell them apart.
        var clocks = new TagClocks(64);
        var load = _turns.Arrive("a", new Arrival(clocks.Now), _ => false).Load!;
        var second = _turns.Arrive("b", Arrival.ThatMustLoad(clocks), _ => false);

        Assert.Equal(Turn.Lead, second.Turn);
        Assert.NotSame(load, second.Load);
        Assert.True(second.Load!.Arrival.MustLoad);
    }

    [Fact]
    public void C10_LoadThatBeganAfterTheArrival_ServesIt()
    {
        var clocks = new TagClocks(64);
        _turns.Arrive("a", Arrival.ThatMustLoad(clocks), _ => false);
        var early = Arrival.ThatMustLoad(clocks);
        var next = _turns.Arrive("b", Arrival.ThatMustLoad(clocks), _ => false);
        var follower = _turns.Arrive("c", early, _ => false);
        Assert.Equal(Turn.Follow, follower.Turn);

        Complete(next.Load!, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("c", Turn.Take), Only());
    }

    [Fact]
    public void C10_OrdinaryLoad_DoesNotServeWhoMustLoad()
    {
        // It may have read something inside that was valid for this node and is too old for that client.
        var load = Arrive("a", 9).Load!;
        Assert.Equal(Turn.Lead, _turns.Arrive("b", new Arrival(7, MustLoad: true), _ => false).Turn);
        Complete(load, LoadEnd.Shared, stillValid: true);

        Assert.Empty(_decisions);
    }

    [Fact]
    public void C10_OneOfThoseWhoWaitMustLoad_TheNextLoadDoes()
    {
        var first = Arrive("a", 5).Load!;
        var second = Arrive("b", 6, knownTouched: true).Load!;
        _turns.Arrive("c", new Arrival(7, MustLoad: true), _ => true);
        Arrive("d", 8, knownTouched: true);
        Complete(first, LoadEnd.Shared, stillValid: false);
        Complete(second, LoadEnd.Shared, stillValid: false);

        Assert.Equal(("d", Turn.Lead), Only());
        Assert.Equal(new Arrival(8, MustLoad: true), _decisions[0].Load!.Arrival);
        Complete(_decisions[0].Load!, LoadEnd.Shared, stillValid: false);
        Assert.Equal(("c", Turn.Take), Only());
    }

    [Fact]
    public void Failure_IsRetriedByOneFollower()
    {
        var load = Arrive("a", 5).Load!;
        Arrive("b", 5);
        Arrive("c", 5);

        Complete(load, LoadEnd.Failed, stillValid: false);

        Assert.Equal(("b", Turn.Lead), Only());
        Assert.True(_decisions[0].Load!.IsRetry);
        Assert.Equal(1, _decisions[0].Load!.WaiterCount);
    }

    [Fact]
    public void FailureOfTheRetry_IsEverybodys()
    {
        Complete(LoadWithFollowers("b", "c"), LoadEnd.Failed, stillValid: false);
        Complete(_decisions[0].Load!, LoadEnd.Failed, stillValid: false);

        Assert.Equal(("c", Turn.Take), Only());
        Assert.True(_turns.IsIdle);
    }

    [Fact]
    public void C5_FailureOfTheRetryFromBeforeItsArrival_IsNotTaken()
    {
        Complete(LoadWithFollowers("b", "c"), LoadEnd.Failed, stillValid: false);
        var retry = _decisions[0].Load!;
        Arrive("d", 6);
        Arrive("e", 7);
        _decisions.Clear();

        Complete(retry, LoadEnd.Failed, stillValid: false);

        // They came after a touch: the failure may be of what was there before.
        Assert.Equal([("c", Turn.Take), ("e", Turn.Lead)], _decisions.Select(d => (d.Handle, d.Turn)));
        var next = _decisions[1].Load!;
        Assert.Equal((7L, true), (next.Fence, next.IsRetry));
        _decisions.Clear();
        Complete(next, LoadEnd.Failed, stillValid: false);
        Assert.Equal(("d", Turn.Take), Only());
    }

    [Fact]
    public void RetryIsCancelled_TheNextOneIsStillTheOnlyRetry()
    {
        Complete(LoadWithFollowers("b", "c", "d"), LoadEnd.Failed, stillValid: false);
        Complete(_decisions[0].Load!, LoadEnd.Cancelled, stillValid: false);

        Assert.Equal(Turn.Lead, _decisions[0].Turn);
        Assert.True(_decisions[0].Load!.IsRetry);
    }

    [Fact]
    public void Cancelled_AnotherLeadsAndItIsNoRetry()
    {
        Complete(LoadWithFollowers("b", "c"), LoadEnd.Cancelled, stillValid: false);

        Assert.Equal(("b", Turn.Lead), Only());
        Assert.False(_decisions[0].Load!.IsRetry);
    }

    [Fact]
    public void NotShared_EverybodyLoadsAlone()
    {
        Complete(LoadWithFollowers("b", "c"), LoadEnd.NotShared, stillValid: true);

        Assert.Equal([("b", Turn.Alone), ("c", Turn.Alone)], _decisions.Select(d => (d.Handle, d.Turn)));
        Assert.True(_turns.IsIdle);
    }

    [Fact]
    public void Released_NobodyWaitsAnyLonger()
    {
        var load = LoadWithFollowers("b", "c");
        _turns.Release(load, _decisions);

        Assert.Equal([("b", Turn.Alone), ("c", Turn.Alone)], _decisions.Select(d => (d.Handle, d.Turn)));
        Assert.Equal(Turn.Alone, Arrive("d", 5).Turn);
        Complete(load, LoadEnd.NotShared, stillValid: false);
        Assert.Equal(Turn.Lead, Arrive("e", 5).Turn);
    }

    [Fact]
    public void NextIsReleased_WhoNeedsItLoadsAlone()
    {
        Arrive("a", 5);
        _turns.Release(Arrive("b", 6, knownTouched: true).Load!, _decisions);

        Assert.Equal(Turn.Alone, Arrive("c", 6, knownTouched: true).Turn);
        Assert.Equal(Turn.Follow, Arrive("d", 6).Turn);
    }

    [Fact]
    public void Leave_OnlyTheOneWhoLeftIsGone()
    {
        var load = LoadWithFollowers("b", "c");

        Assert.Same(load, _turns.Leave("b"));
        Assert.Null(_turns.Leave("b"));
        Complete(load, LoadEnd.Shared, stillValid: true);

        Assert.Equal(("c", Turn.Take), Only());
    }

    [Fact]
    public void LastOneCompletes_Idle()
    {
        var first = Arrive("a", 5).Load!;
        var second = Arrive("b", 6, knownTouched: true).Load!;
        Complete(second, LoadEnd.Shared, stillValid: true);
        Assert.False(_turns.IsIdle);
        Complete(first, LoadEnd.Shared, stillValid: true);
        Assert.True(_turns.IsIdle);
    }

    private LoadTurns<string>.Load LoadWithFollowers(params string[] followers)
    {
        var load = Arrive("a", 5).Load!;
        foreach (var follower in followers)
            Assert.Equal(Turn.Follow, Arrive(follower, 5).Turn);
        return load;
    }

    private LoadTurns<string>.Decision Arrive(string handle, long tick, bool knownTouched = false) =>
        _turns.Arrive(handle, new Arrival(tick), _ => knownTouched);

    private void Complete(LoadTurns<string>.Load load, LoadEnd end, bool stillValid)
    {
        _decisions.Clear();
        _turns.Complete(load, end, stillValid, _decisions);
    }

    private (string Handle, Turn Turn) Only()
    {
        var decision = Assert.Single(_decisions);
        return (decision.Handle, decision.Turn);
    }
}
