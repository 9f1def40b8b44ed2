using System.Net;

namespace Freshet.Client.Tests;

/// <summary>The place of an answer (docs/protocols/events.md, E8): what was touched up to there does not concern it.</summary>
public class PlaceTests
{
    private static readonly string Here = Script.At(5, 3);

    [Fact]
    public async Task NoPositionIsKnown_GetsAskForTheirPlace_AndNothingElseDoes()
    {
        await using var rig = await ScriptedRig.StartAsync();
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal("?", rig.Sent["Freshet-Position"]);
        await rig.GetAsync("/a", Script.Ok("one"), ("Cache-Control", "no-cache"));
        Assert.False(rig.Sent.ContainsKey("Freshet-Position"));
        // It says that the writer keeps answers, so that the head tells all that was touched, and for how many more logs there is room.
        await rig.WriteAsync(_ => new HttpResponseMessage());
        Assert.Equal("?4", rig.Sent["Freshet-Position"]);

        await rig.TellAsync(await rig.ConnectedAsync(), Script.Ready(Here), CacheEventKind.Ready);
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal(Here, rig.Sent["Freshet-Position"]);
    }

    // The record of the write has offset 6 of the tenant's log.
    [Theory]
    [InlineData(6, 3, 1, true)]
    [InlineData(6, -1, 1, true)]
    [InlineData(7, 3, 1, false)] // merged with one from beyond the place
    [InlineData(6, 4, 1, false)] // the other log as well
    [InlineData(6, 3, 2, false)] // another epoch
    [InlineData(-1, -1, 1, false)] // nobody knows when
    public async Task OwnWrite_IsFetchedAgain_AndItsEventDropsOnlyWhatIsBeforeIt(int own, int shared, int epoch, bool stays)
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.WriteAsync(_ => Script.Written("g", Script.At(6, null)));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
        Assert.Equal(Script.At(6, 3), rig.Sent["Freshet-Position"]);
        await rig.TellAsync(events, Script.Touched(At(own, shared, epoch), "g"), CacheEventKind.Invalidation);
        Assert.Equal((stays ? "two" : "three", stays), await rig.GetAsync("/a", stays ? null : Script.Ok("three")));
    }

    [Theory]
    [InlineData(5, 3, 1, true)]
    [InlineData(4, 3, 1, true)]
    [InlineData(6, 3, 1, false)]
    [InlineData(5, 4, 1, false)]
    [InlineData(5, 3, 2, false)]
    [InlineData(-1, -1, 1, false)]
    public async Task FirstLoad_Stays_WhenTheServerBecomesReadyNoLater(int own, int shared, int epoch, bool stays)
    {
        await using var rig = await ScriptedRig.StartAsync();
        await rig.GetAsync("/a", Script.Ok("one", position: Here));
        await rig.TellAsync(await rig.ConnectedAsync(), Script.Ready(At(own, shared, epoch)), CacheEventKind.Ready);
        Assert.Equal((stays ? "one" : "two", stays), await rig.GetAsync("/a", stays ? null : Script.Ok("two")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish")]
    public async Task FirstLoadWhosePlaceNobodyNames_IsAskedForAgain(string position)
    {
        await using var rig = await ScriptedRig.StartAsync();
        await rig.GetAsync("/a", Script.Ok("one", position: position));
        await rig.TellAsync(await rig.ConnectedAsync(), Script.Ready(Here), CacheEventKind.Ready);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task PlaceInOneOfTheLogs_SaysNothingOfTheOther()
    {
        await using var rig = await ScriptedRig.StartAsync();
        await rig.WriteAsync(_ => Script.Written("g", Script.At(6, null)));
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal(Script.At(6, null), rig.Sent["Freshet-Position"]);
        var events = await rig.ConnectedAsync();
        await rig.TellAsync(events, Script.Ready(Script.At(6, 0)), CacheEventKind.Ready);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, false)]
    [InlineData(7, true)]
    [InlineData(8, true)]
    public async Task TouchedOnTheWay_IsJudgedByThePlaceOfTheAnswer(int place, bool stays)
    {
        await using var rig = await ScriptedRig.StartAsync();
        var departed = rig.Depart("/a");
        var events = await rig.ConnectedAsync();
        await rig.TellAsync(events, Script.Ready(Script.At(6, 3)), CacheEventKind.Ready);
        await rig.TellAsync(events, Script.Touched(Script.At(7, 3), "g"), CacheEventKind.Invalidation);
        Assert.Equal(("one", false), await departed.AnswerAsync(Script.Ok("one", position: At(place, 3))));
        Assert.Equal((stays ? "one" : "two", stays), await rig.GetAsync("/a", stays ? null : Script.Ok("two")));
    }

    [Fact]
    public async Task OwnWriteOnTheWay_IsAfterWhatTheRequestCarried()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var (touched, other) = (rig.Depart("/a"), rig.Depart("/b"));
        await rig.WriteAsync(_ => Script.Written("g", Script.At(6, 3)));
        await touched.AnswerAsync(Script.Ok("one"));
        await other.AnswerAsync(Script.Ok("other", groups: "h"));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
        Assert.Equal(("other", true), await rig.GetAsync("/b"));
    }

    [Fact]
    public void TooMuchTouchedOnTheWay_IsEverything()
    {
        var flight = new Flight(1, default, ClientPosition.Parse(Here));
        var answer = AnswerStoreTests.Answer("a", 0, "g") with { Place = flight.Position };
        for (var i = 0; i < 39; i++)
            flight.Note(new Touch([.. Enumerable.Range(0, 256).Select(n => $"{i}-{n}")], ClientPosition.Nowhere));
        Assert.False(flight.Overtakes(answer));
        flight.Note(new Touch([.. Enumerable.Range(0, 256).Select(n => $"last-{n}")], flight.Position));
        Assert.True(flight.Overtakes(answer));
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public async Task Resync_TouchesWhatIsBeforeIt(int own, bool stays)
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.TellAsync(events, Script.Resync(At(own, 3)), CacheEventKind.Resync);
        Assert.Equal((stays ? "one" : "two", stays), await rig.GetAsync("/a", stays ? null : Script.Ok("two")));
    }

    [Fact]
    public async Task NotModified_MovesThePlaceForward()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "g"), CacheEventKind.Invalidation);
        Assert.Equal(("one", false), await rig.GetAsync("/a", Script.NotModified()));
        await rig.TellAsync(events, Script.Resync(Script.At(6, 3)), CacheEventKind.Resync);
        Assert.Equal(("one", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task WriteWhoseGroupsNobodyKnows_IsAfterEveryPlace()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.WriteAsync(_ =>
        {
            var answer = new HttpResponseMessage(HttpStatusCode.BadGateway);
            answer.Headers.Add("Freshet-Position", Here);
            return answer;
        });
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    // A server that does not know the epoch says where it stands after the load, which may be after what the answer was made from.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task PlaceThatNobodyAskedFor_IsNotBelieved(int epoch)
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one", position: At(9, 9, epoch)));
        await rig.TellAsync(events, Script.Touched(At(6, 3, epoch), "g"), CacheEventKind.Invalidation);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    // Below zero: no token of that log.
    private static string At(int own, int shared, int epoch = 1) =>
        Script.At(own < 0 ? null : (ulong)own, shared < 0 ? null : (ulong)shared, (ulong)epoch);
}
