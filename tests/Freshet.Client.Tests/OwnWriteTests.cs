using System.IO.Pipelines;
using System.Net;

namespace Freshet.Client.Tests;

/// <summary>
/// A write of the client's own, in every form that it can have (C9, E8.4): what was kept of before it is not given once it is
/// acknowledged, and its positions are carried.
/// </summary>
public class OwnWriteTests
{
    private static readonly string Here = Script.At(5, 3);

    // The position that the answer bears is the one that the client carried, or that of another record.
    [Theory]
    [InlineData("g", "Freshet-Pending", "?1")]
    [InlineData("h g", "Freshet-Pending", "?1")]
    [InlineData("*", "X", "1")] // the head was sent early, and more is written behind it
    [InlineData("* g", "X", "1")]
    public async Task WhatThePositionDoesNotTell_IsAfterEveryPlace(string groups, string name, string value)
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.WriteAsync(_ => Script.Written(groups, Here, (name, value)));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task PendingWhileAReadIsOnItsWay_TheReadIsNotGivenAgain()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var read = rig.Depart("/a");
        await rig.WriteAsync(_ => Script.Written("g", Here, ("Freshet-Pending", "?1")));
        await read.AnswerAsync(Script.Ok("one"));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Theory]
    [InlineData("read")]
    [InlineData("copied")]
    [InlineData("without a call")]
    [InlineData("by its length")]
    [InlineData("given up")]
    [InlineData("cut off")]
    public async Task HeadWasSentBeforeTheHandlerEnded_WhatIsReadMeanwhileIsNotGivenAfterTheEnd(string end)
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var body = new Pipe();
        var content = new StreamContent(body.Reader.AsStream());
        if (end is "by its length")
            content.Headers.ContentLength = 5;
        rig.Answer = _ =>
        {
            var answer = Script.Written("*", Here);
            (answer.StatusCode, answer.Content) = (HttpStatusCode.OK, content);
            return Task.FromResult(answer);
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/write", UriKind.Relative));
        using var write = await rig.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await body.Writer.WriteAsync("begun"u8.ToArray(), TestContext.Current.CancellationToken);
        // The handler writes a row now, and this was read before it.
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal(("one", true), await rig.GetAsync("/a"));
        await body.Writer.CompleteAsync(end is "cut off" ? new IOException("cut") : null);

        var stream = end is "copied" ? null : await write.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        switch (end)
        {
            case "copied":
                Assert.Equal("begun", await write.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                break;
            case "read":
                Assert.Equal("begun", await new StreamReader(stream!).ReadToEndAsync(TestContext.Current.CancellationToken));
                break;
            case "without a call":
                Assert.Equal("begun", new StreamReader(stream!).ReadToEnd());
                break;
            case "by its length":
                await stream!.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
                break;
            case "given up":
                await stream!.DisposeAsync();
                break;
            default:
                await Assert.ThrowsAsync<IOException>(() => new StreamReader(stream!).ReadToEndAsync(TestContext.Current.CancellationToken));
                break;
        }

        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
        // The end was noticed once: what is kept since stays.
        write.Dispose();
        Assert.Equal(("two", true), await rig.GetAsync("/a"));
    }

    [Theory]
    [InlineData("GET", 200)]
    [InlineData("GET", 304)]
    [InlineData("GET", 500)]
    [InlineData("HEAD", 200)]
    [InlineData("OPTIONS", 204)]
    public async Task ReadThatWrites_DropsWhatItNames_AndItsPositionsAreCarried(string method, int status)
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.GetAsync("/b", Script.Ok("other", "h"));
        await rig.GetAsync("/seen", Script.Ok("seen", "s"));
        rig.Answer = _ =>
        {
            var answer = Script.Written("g s", $"{Script.At(6, 3)}.{Script.Named(1, 9)}");
            answer.StatusCode = (HttpStatusCode)status;
            return Task.FromResult(answer);
        };
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri("/seen", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("X", "1");
        if (method is "GET")
            request.Headers.TryAddWithoutValidation("Cache-Control", "no-cache");
        using var answer = await rig.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
        Assert.Equal($"{Script.At(6, 3)}.{Script.Named(1, 9)}", rig.Sent["Freshet-Position"]);
        Assert.Equal(("other", true), await rig.GetAsync("/b"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GetOfWhatIsKept_ThatWrites_DropsWhatItNames(bool isModified)
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.GetAsync("/seen", Script.Ok("seen", "s"));
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "s"), CacheEventKind.Invalidation);
        await rig.GetAsync("/seen", _ =>
        {
            var answer = Script.Written("g", Script.At(7, 3));
            answer.StatusCode = isModified ? HttpStatusCode.OK : HttpStatusCode.NotModified;
            return answer;
        });
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
        Assert.Equal(Script.At(7, 3), rig.Sent["Freshet-Position"]);
    }

    [Fact]
    public async Task PlaceThatWasAskedFor_IsNotCarried_AndThePositionOfAGetThatWroteIs()
    {
        await using var rig = await ScriptedRig.StartAsync();
        await rig.GetAsync("/a", Script.Ok("one", position: Here));
        await rig.GetAsync("/b", _ =>
        {
            var answer = Script.Ok("two", position: Script.At(6, 3), more: ("Cache-Control", "private"));
            answer.Headers.Remove("Cache-Groups");
            return answer;
        });
        Assert.Equal("?", rig.Sent["Freshet-Position"]);
        await rig.GetAsync("/c", Script.Ok("three"));
        Assert.Equal(Script.At(6, 3), rig.Sent["Freshet-Position"]);
    }

    [Fact]
    public async Task PositionsOfOtherLogs_AreCarried_UntilAnAnswerNoLongerNamesThem()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var (one, two) = (Script.Named(1, 5), Script.Named(2, 6));
        await rig.WriteAsync(_ => Script.Written("h", one));
        await rig.WriteAsync(_ => Script.Written("h", $"{one}.{two}"));
        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal($"{Here}.{one}.{two}", rig.Sent["Freshet-Position"]);
        await rig.WriteAsync(_ => Script.Written("h", $"{Script.At(7, 3)}.{two}"));
        Assert.Equal($"{Here}.{one}.{two}.?3", rig.Sent["Freshet-Position"]);
        await rig.GetAsync("/b", Script.Ok("two"));
        Assert.Equal($"{Script.At(7, 3)}.{two}", rig.Sent["Freshet-Position"]);
    }

    // Each may be told as many logs as it was granted: together they have a place for all of them.
    [Fact]
    public async Task WritesThatAreOnTheirWayTogether_ShareTheRoomForOtherLogs()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var granted = new List<int>();
        var answers = new List<TaskCompletionSource<HttpResponseMessage>>();
        rig.Answer = _ =>
        {
            granted.Add(rig.Sent["Freshet-Position"][^1] - '0');
            answers.Add(new TaskCompletionSource<HttpResponseMessage>());
            return answers[^1].Task;
        };
        var writes = Enumerable.Range(0, 6).Select(_ => rig.Http.PostAsync(new Uri("/write", UriKind.Relative), null)).ToArray();
        Assert.Equal([4, 2, 1, 1, 0, 0], granted);
        var log = (byte)0;
        var told = new List<string>();
        for (var i = 0; i < writes.Length; i++)
        {
            var mine = Enumerable.Range(0, granted[i]).Select(_ => Script.Named(++log, 1)).ToArray();
            told.AddRange(mine);
            answers[i].SetResult(Script.Written("h", string.Join('.', mine)));
            await writes[i];
        }

        await rig.GetAsync("/a", Script.Ok("one"));
        Assert.Equal($"{Here}.{string.Join('.', told)}", rig.Sent["Freshet-Position"]);
        await rig.WriteAsync(_ => Script.Written("h", ""));
        Assert.EndsWith(".?0", rig.Sent["Freshet-Position"], StringComparison.Ordinal);
    }

    // C10: its answer names that log again, though an answer that came first has dropped it.
    [Fact]
    public async Task WhatARequestOnItsWayCarries_KeepsItsPlace()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var carried = $"{Script.Named(1, 5)}.{Script.Named(2, 5)}";
        await rig.WriteAsync(_ => Script.Written("h", carried));
        var read = rig.Depart("/a"); // a GET may write, too
        await rig.WriteAsync(_ => Script.Written("h", Script.At(7, 3))); // both logs show everywhere
        await rig.WriteAsync(_ => Script.Written("h", ""));
        Assert.EndsWith(".?3", rig.Sent["Freshet-Position"], StringComparison.Ordinal); // half of six
        await read.AnswerAsync(Script.Ok("one"));
        await rig.WriteAsync(_ => Script.Written("h", ""));
        Assert.EndsWith(".?4", rig.Sent["Freshet-Position"], StringComparison.Ordinal); // half of eight
    }

    [Fact]
    public async Task TouchInAnotherTenantsLog_IsComparedWithThePlace()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.WriteAsync(_ => Script.Written("h", Script.Named(1, 5)));
        var read = rig.Depart("/a");
        await rig.WriteAsync(_ => Script.Written("g", Script.Named(1, 6)));
        await read.AnswerAsync(Script.Ok("one"));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    // HttpClient.Send passes a handler by that does not know it.
    [Fact]
    public async Task SentWithoutAwaiting_IsNoticedAlike()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        rig.Answer = _ => Task.FromResult(Script.Written("g", Script.At(6, 3)));
        using var write = new HttpRequestMessage(HttpMethod.Put, new Uri("/write", UriKind.Relative));
        using (rig.Http.Send(write, TestContext.Current.CancellationToken))
        {
        }

        rig.Answer = _ => Task.FromResult(Script.Ok("two"));
        using var read = new HttpRequestMessage(HttpMethod.Get, new Uri("/a", UriKind.Relative));
        using var answer = rig.Http.Send(read, TestContext.Current.CancellationToken);
        Assert.Equal("two", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Script.At(6, 3), rig.Sent["Freshet-Position"]);
    }

    [Fact]
    public async Task SentWithoutAwaiting_FailsAsItFailed()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        rig.Answer = _ => throw new HttpRequestException("lost");
        using var write = new HttpRequestMessage(HttpMethod.Put, new Uri("/write", UriKind.Relative));
        Assert.Throws<HttpRequestException>(() => rig.Http.Send(write, TestContext.Current.CancellationToken));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }
}
