using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>Replies reach those who asked, in order, and nobody else (the class of CVE-2023-28858).</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task Replies_GoToThoseWhoAsked_InOrder()
    {
        await using var peer = new ScriptedPeer();
        var (one, two, three) = (peer.Ask("GET", "1"), peer.Ask("GET", "2"), peer.Ask("GET", "3"));
        Assert.Equal(["GET 1", "GET 2", "GET 3"], [await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync()]);

        peer.Say("$3\r\none\r\n$3\r\ntwo\r\n:3\r\n");
        Assert.Equal(["$one", "$two", ":3"], [await one, await two, await three]);
    }

    [Fact]
    public async Task CommandThatIsAlone_GoesAtOnce()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("PING");
        Assert.True(peer.HasMore);
        peer.Say("+PONG\r\n");
        Assert.Equal("+PONG", await asked);
    }

    [Fact]
    public async Task CancelledCall_KeepsItsPlace_AndItsReplyReachesNobody()
    {
        await using var peer = new ScriptedPeer();
        using var leave = new CancellationTokenSource();
        var (left, stayed) = (peer.Ask(leave.Token, "GET", "secret"), peer.Ask("GET", "mine"));
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => ScriptedPeer.Soon(left));
        Assert.Equal(2, peer.Connection.InLine);
        var later = peer.Ask("GET", "later");

        peer.Say("$6\r\nsecret\r\n$4\r\nmine\r\n$5\r\nlater\r\n");
        Assert.Equal("$mine", await ScriptedPeer.Soon(stayed));
        Assert.Equal("$later", await ScriptedPeer.Soon(later));
    }

    [Fact]
    public async Task CancelledBeforehand_IsNotSent()
    {
        await using var peer = new ScriptedPeer();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => peer.Ask(new CancellationToken(canceled: true), "GET", "x"));
        Assert.Equal(0, peer.Connection.InLine);
        Assert.False(peer.HasMore);
    }

    [Fact]
    public async Task ReplyThatComesLate_ReachesNobody_AndTheConnectionGoesOn()
    {
        await using var peer = new ScriptedPeer();
        var late = peer.Ask("GET", "late");
        peer.Pass(1.25);
        var fault = await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(late));
        Assert.True(fault.MayHaveRun);
        Assert.Equal("The server did not answer within 1000 ms.", fault.Message);

        var next = peer.Ask("GET", "next");
        Assert.Equal(2, peer.Connection.InLine);
        peer.Say("$4\r\nlate\r\n");
        peer.Say("$4\r\nnext\r\n");
        Assert.Equal("$next", await ScriptedPeer.Soon(next));
        Assert.False(peer.Connection.Ended.IsCompleted);
    }

    [Fact]
    public async Task OnlyTheLate_TimeOut()
    {
        await using var peer = new ScriptedPeer();
        var first = peer.Ask("GET", "1");
        peer.Pass(0.75);
        var second = peer.Ask("GET", "2");
        peer.Pass(0.5);
        await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(first));
        Assert.False(second.IsCompleted);
        peer.Say("+1\r\n+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(second));
    }

    [Fact]
    public async Task ErrorReply_IsThrown_ForItsCommandAlone()
    {
        await using var peer = new ScriptedPeer();
        var (good, bad, bulk, last) = (peer.Ask("A"), peer.Ask("B"), peer.Ask("C"), peer.Ask("D"));
        peer.Say("+1\r\n-WRONGTYPE Operation against a key\r\n!9\r\nOOM x\r\ny\0\r\n|1\r\n+a\r\n:1\r\n-ERR\r\n");
        Assert.Equal("+1", await good);
        var fault = await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.Soon(bad));
        Assert.Equal(("WRONGTYPE", "The server answered: WRONGTYPE Operation against a key", false), (fault.Code, fault.Message, fault.MayHaveRun));
        // No line of a log may be forged by it.
        Assert.Equal("The server answered: OOM x  y ", (await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.Soon(bulk))).Message);
        Assert.Equal("ERR", (await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.Soon(last))).Code);
    }

    [Theory]
    [InlineData("ERR unknown command 'FOO', with args beginning with: 'secret' ", "ERR unknown command 'FOO'")]
    [InlineData("ERR unknown command `FOO`, with args beginning with: `secret`, ", "ERR unknown command `FOO`")]
    [InlineData("MOVED 3999 127.0.0.1:6381", "MOVED 3999 127.0.0.1:6381")]
    public void Error_ShowsNoArguments(string text, string message) =>
        Assert.Equal($"The server answered: {message}", RespServerException.Of(Protocol.Wire.Bytes(text)).Message);

    [Fact]
    public void ErrorThatIsVeryLong_IsCut() =>
        Assert.InRange(RespServerException.Of(Protocol.Wire.Bytes("ERR " + new string('x', 60_000))).Message.Length, 100, 600);

    [Fact]
    public async Task PushesAndReplies_AreHeardInTheOrderInWhichTheyCame()
    {
        await using var peer = new ScriptedPeer();
        var heard = new List<string>();
        peer.Pushed = heard.Add;
        var last = new TaskCompletionSource();
        for (var i = 1; i <= 3; i++)
        {
            peer.Connection.Send(new RespCommand("GET", "x"), new NotedReply(text =>
            {
                heard.Add(text);
                if (text == ":3")
                    last.SetResult();
            }));
        }

        peer.Say(">2\r\n+message\r\n:1\r\n:1\r\n>2\r\n+message\r\n:2\r\n|1\r\n+ttl\r\n:9\r\n>2\r\n+message\r\n:3\r\n:2\r\n");
        peer.Say(">1\r\n+mes");
        peer.Say("sage\r\n:3\r\n");
        await ScriptedPeer.Soon(last.Task);
        Assert.Equal([">[+message :1]", ":1", ">[+message :2]", ">[+message :3]", ":2", ">[+message]", ":3"], heard);
    }

    [Fact]
    public async Task PushBehindAnAttribute_IsNoReply()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("GET", "x");
        peer.Say("|1\r\n+a\r\n:1\r\n>1\r\n+push\r\n");
        Assert.Equal(">[+push]", await peer.PushAsync());
        peer.Say("+reply\r\n");
        Assert.Equal("+reply", await ScriptedPeer.Soon(asked));
    }

    [Fact]
    public async Task SinkOfALateCall_IsToldOnce_AndNotGivenTheReply()
    {
        await using var peer = new ScriptedPeer();
        var told = new List<string>();
        peer.Connection.Send(new RespCommand("GET", "1"), new NotedReply(told.Add));
        peer.Pass(1.5);
        Assert.Equal(["The server did not answer within 1000 ms."], told);
        var next = peer.Ask("GET", "2");
        peer.Say("+1\r\n+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(next));
        Assert.Single(told);
    }

    [Fact]
    public async Task CommandThatFailsToWriteItself_LeavesNothingBehind()
    {
        await using var peer = new ScriptedPeer();
        var before = peer.Ask("GET", "1");
        await Assert.ThrowsAsync<DivideByZeroException>(() => ScriptedPeer.TextAsync(peer.Connection.SendAsync(default(HalfCommand))));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedPeer.TextAsync(peer.Connection.SendAsync(default(ShortCommand))));
        Assert.Throws<DivideByZeroException>(() => peer.Connection.Send(default(HalfCommand), new NotedReply(_ => Assert.Fail("It was never sent."))));
        Assert.Equal(1, peer.Connection.InLine);
        var after = peer.Ask("GET", "2");
        Assert.Equal(["GET 1", "GET 2"], [await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+1\r\n+2\r\n");
        Assert.Equal(["+1", "+2"], [await before, await after]);
    }

    [Fact]
    public async Task Asking_GoesDirectlyAhead_AndItsOwnReplyIsPassedOver()
    {
        await using var peer = new ScriptedPeer();
        var asked = ScriptedPeer.TextAsync(peer.Connection.SendAskingAsync(new RespCommand("GET", "x")));
        var next = peer.Ask("GET", "y");
        Assert.Equal(["ASKING", "GET x", "GET y"], [await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+OK\r\n+x\r\n+y\r\n");
        Assert.Equal(["+x", "+y"], [await asked, await next]);
    }

    [Fact]
    public async Task ReplyThatIsAwaitedTwice_IsRefused_AndMixesNothingUp()
    {
        await using var peer = new ScriptedPeer();
        using var leave = new CancellationTokenSource();
        var call = peer.Connection.SendAsync(new RespCommand("GET", "1"), leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => ScriptedPeer.TextAsync(call));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedPeer.TextAsync(call));

        // Its place is in line still, and is nobody else's.
        var next = peer.Ask("GET", "2");
        peer.Say("+1\r\n+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(next));
    }

    private struct HalfCommand : IRespCommand
    {
        public readonly void Write(ref RespWriter writer)
        {
            writer.Begin(3);
            writer.Add("SET");
            throw new DivideByZeroException();
        }
    }

    private struct ShortCommand : IRespCommand
    {
        public readonly void Write(ref RespWriter writer)
        {
            writer.Begin(3);
            writer.Add("SET");
            writer.Add("k");
        }
    }
}
