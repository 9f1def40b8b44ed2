using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>What is on its way is bounded; who finds no room waits for his turn.</summary>
public sealed class RoomTests
{
    [Fact]
    public async Task WhoFindsTheLineFull_WaitsBehindWhoCameBefore()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 2 });
        var asked = Enumerable.Range(0, 7).Select(i => peer.Ask("GET", $"{i}")).ToArray();
        Assert.Equal(2, peer.Connection.InLine);
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal($"GET {i}", await peer.HearAsync());
            peer.Say($"+{i}\r\n");
            Assert.Equal($"+{i}", await ScriptedPeer.Soon(asked[i]));
            Assert.InRange(peer.Connection.InLine, 0, 2);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ManyWhoWait_GoOutInTheOrderInWhichTheyCame(int room)
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = room });
        var asked = Enumerable.Range(0, 500).Select(i => peer.Ask("GET", $"{i}")).ToArray();
        for (var i = 0; i < asked.Length; i++)
        {
            Assert.Equal($"GET {i}", await peer.HearAsync());
            peer.Say($"+{i}\r\n");
        }

        string[] expected = [.. Enumerable.Range(0, 500).Select(i => $"+{i}")];
        Assert.Equal(expected, await ScriptedPeer.Soon(Task.WhenAll(asked)));
        Assert.Equal(0, peer.Connection.InLine);
    }

    [Fact]
    public async Task WhoWaitsTooLong_Fails_AndWasNotSent()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        var inLine = peer.Ask("GET", "1");
        var waiting = peer.Ask("GET", "2");
        peer.Pass(1.25);
        await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(inLine));
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(waiting));
        Assert.Equal(("Too many commands wait for their replies.", false), (fault.Message, fault.MayHaveRun));

        peer.Say("+1\r\n");
        var next = peer.Ask("GET", "3");
        Assert.Equal(["GET 1", "GET 3"], [await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+3\r\n");
        Assert.Equal("+3", await ScriptedPeer.Soon(next));
    }

    [Fact]
    public async Task WhoLeavesWhileHeWaits_IsNotSent()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        using var leave = new CancellationTokenSource();
        var (first, left, stayed) = (peer.Ask("GET", "1"), peer.Ask(leave.Token, "GET", "2"), peer.Ask("GET", "3"));
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ScriptedPeer.Soon(left));
        peer.Say("+1\r\n");
        Assert.Equal("+1", await ScriptedPeer.Soon(first));
        Assert.Equal(["GET 1", "GET 3"], [await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+3\r\n");
        Assert.Equal("+3", await ScriptedPeer.Soon(stayed));
    }

    // He has seen that there is no room, and nobody has seen yet that he waits.
    [Fact]
    public async Task RoomThatAppears_JustBeforeSomebodyWaits_IsNotMissed()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        using var handled = new ManualResetEventSlim();
        var first = peer.Ask("GET", "1");
        peer.Time.OnNextLook(() =>
        {
            peer.Stream.Waiting = handled.Set;
            peer.Say("+1\r\n");
            Assert.True(handled.Wait(TimeSpan.FromSeconds(30)));
        });
        var second = peer.Ask("GET", "2");
        Assert.Equal("+1", await ScriptedPeer.Soon(first));
        Assert.Equal(["GET 1", "GET 2"], [await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(second));
    }

    [Fact]
    public async Task WhoIsLetIn_HasAllTheTimeForHisReply()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        var (first, second) = (peer.Ask("GET", "1"), peer.Ask("GET", "2"));
        peer.Pass(0.75);
        peer.Say("+1\r\n");
        Assert.Equal("+1", await ScriptedPeer.Soon(first));
        await peer.HearAsync();
        Assert.Equal("GET 2", await peer.HearAsync());
        peer.Pass(0.75);
        peer.Say("+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(second));
    }

    [Fact]
    public async Task BytesThatTheNetworkDoesNotTake_AreBounded_AndGoOutInOrder()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxUnsentBytes = 1000 });
        peer.Stream.Hold();
        var value = new string('x', 600);
        // The first is on its way, the next two fill what may be unsent, the others wait.
        var asked = new List<Task<string>> { peer.Ask("SET", "0", value) };
        await ScriptedPeer.Soon(peer.Stream.IsHeld.Task);
        asked.AddRange(Enumerable.Range(1, 9).Select(i => peer.Ask("SET", $"{i}", value)));
        Assert.Equal(3, peer.Connection.InLine);

        peer.Stream.Release();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal($"SET {i} {value}", await peer.HearAsync());
            peer.Say($":{i}\r\n");
            Assert.Equal($":{i}", await ScriptedPeer.Soon(asked[i]));
        }
    }

    [Fact]
    public async Task SinkThatFindsNoRoom_IsToldAtOnce()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        var first = peer.Ask("GET", "1");
        var told = new List<string>();
        peer.Connection.Send(new RespCommand("GET", "2"), new NotedReply(told.Add));
        Assert.Equal(["Too many commands wait for their replies."], told);
        peer.Say("+1\r\n");
        await ScriptedPeer.Soon(first);
    }

    [Fact]
    public async Task CommandThatFailsToWriteItself_WhenItsTurnComes_FailsAlone()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        var first = peer.Ask("GET", "1");
        var broken = ScriptedPeer.TextAsync(peer.Connection.SendAsync(default(BrokenCommand)));
        var asking = ScriptedPeer.TextAsync(peer.Connection.SendAskingAsync(new RespCommand("GET", "3")));
        peer.Say("+1\r\n");
        await ScriptedPeer.Soon(first);
        await Assert.ThrowsAsync<DivideByZeroException>(() => ScriptedPeer.Soon(broken));
        Assert.Equal(["GET 1", "ASKING", "GET 3"], [await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say("+OK\r\n+3\r\n");
        Assert.Equal("+3", await ScriptedPeer.Soon(asking));
    }

    [Fact]
    public async Task WhoWaitsWhenItEnds_Fails_AndHasNotRun()
    {
        await using var peer = new ScriptedPeer(s => s with { MaxInLine = 1 });
        var (first, second) = (peer.Ask("GET", "1"), peer.Ask("GET", "2"));
        peer.Stream.Close();
        await peer.EndAsync();
        Assert.True((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(first))).MayHaveRun);
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(second))).MayHaveRun);
    }

    private struct BrokenCommand : IRespCommand
    {
        public readonly void Write(ref RespWriter writer) => throw new DivideByZeroException();
    }
}
