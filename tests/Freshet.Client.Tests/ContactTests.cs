using System.Text;

namespace Freshet.Client.Tests;

public class ContactTests
{
    private static readonly string Here = Script.At(5, 3);

    [Fact]
    public async Task ContactThatLapsesInSleep_Asks_UntilItIsResumed()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal(("one", true), await rig.GetAsync("/a"));

        // No timer comes due, so nobody says that the connection is lost.
        rig.Time.AdjustWallClock(TimeSpan.FromSeconds(21));
        Assert.False(rig.Client.IsInContact);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));

        // What was on the way before the sleep says nothing of what came later.
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "other"), CacheEventKind.Invalidation);
        Assert.False(rig.Client.IsInContact);
        Assert.Equal(("three", false), await rig.GetAsync("/a", Script.Ok("three")));

        // However well the connection goes on, only another one brings contact back.
        await rig.HearAsync(CacheEventKind.Lost);
        await rig.Time.EndPauseAsync();
        events = await rig.ConnectedAsync();
        Assert.Equal(Script.At(6, 3), events.Position);
        await rig.TellAsync(events, Script.Ready(Script.At(6, 3), resumed: true), CacheEventKind.Ready);
        Assert.Equal(("three", true), await rig.GetAsync("/a"));
    }

    [Theory]
    [InlineData(0, 20, 20)]
    [InlineData(20, 0, 20)]
    [InlineData(-3600, 20, 20)]
    public void Elapsed_IsByTheClockThatWentFarther(int wallAlone, int both, int seconds)
    {
        var time = new TestClock();
        var before = Moment.Now(time);
        time.AdjustWallClock(TimeSpan.FromSeconds(wallAlone));
        time.Advance(TimeSpan.FromSeconds(both));
        Assert.Equal(TimeSpan.FromSeconds(seconds), before.Elapsed(time));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{\"type\":\"cache_invalidation\",\"data\":{}}")]
    public async Task UnreadableMessage_EndsTheConnection_TheNextBeginsAnew_AndEverythingIsTouched(string text)
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await events.SayAsync(text);
        await rig.HearAsync(CacheEventKind.Lost);
        Assert.False(rig.Client.IsInContact);

        await rig.Time.EndPauseAsync();
        events = await rig.ConnectedAsync();
        Assert.Equal("", events.Position);
        await rig.TellAsync(events, Script.Ready(Script.At(6, 3)), CacheEventKind.Ready);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task MessageOfAnUnknownType_IsPassedOver()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await events.SayAsync("{\"type\":\"of tomorrow\",\"data\":7}");
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "other"), CacheEventKind.Invalidation);
        Assert.Equal(("one", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task Message_SaysHowManyBytesItHad()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        var message = Script.Touched(Here, [.. Enumerable.Range(0, 256).Select(n => $"gröup{n}")]);
        var told = await rig.TellAsync(events, message, CacheEventKind.Invalidation);
        Assert.Equal(Encoding.UTF8.GetByteCount(message), told.Bytes);
        events.Cut();
        Assert.Equal(0, (await rig.HearAsync(CacheEventKind.Lost)).Bytes);
    }

    [Fact]
    public async Task ServerThatNeverAnswers_IsGivenUpAfter20Seconds_AndTriedAgain()
    {
        var asked = new TaskCompletionSource();
        await using var rig = await ScriptedRig.StartAsync(http =>
            asked.TrySetResult() ? new TaskCompletionSource().Task.WaitAsync(http.RequestAborted) : Task.CompletedTask);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        rig.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.IsType<OperationCanceledException>((await rig.HearAsync(CacheEventKind.Lost)).Fault, exactMatch: false);

        await rig.Time.EndPauseAsync();
        await rig.TellAsync(await rig.ConnectedAsync(), Script.Ready(Here), CacheEventKind.Ready);
        Assert.True(rig.Client.IsInContact);
    }
}
