using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>A connection that misbehaves ends: with a clear reason, and with an outcome for everyone who waits.</summary>
public sealed class EndTests
{
    public static TheoryData<string, string> Misbehaviour() => new()
    {
        { "+1\r\n+2\r\n+3\r\n", "The server sent a reply that nobody asked for." },
        { "+1\r\n?\r\n", "The server sent no valid RESP: a value of an unknown type." },
        { "+1\r\n$5\r\nab", "The server closed the connection." },
        { "+1\r\n", "The server closed the connection." },
        { "", "The server closed the connection." },
        { "+1\r\n*2\r\n>1\r\n+a\r\n", "The server sent no valid RESP: a push inside another value." },
        { "$99999999999\r\n", "The server sent no valid RESP: not a length." },
        { "$999999999\r\n", "The server sent no valid RESP: the frame exceeds MaxFrameBytes." },
    };

    [Theory]
    [MemberData(nameof(Misbehaviour))]
    public async Task Misbehaviour_EndsTheConnection_AndFailsWhoWaits(string said, string why)
    {
        await using var peer = new ScriptedPeer();
        Task<string>[] asked = [peer.Ask("GET", "1"), peer.Ask("GET", "2")];
        // A command that the stream has not taken yet has not run.
        await peer.HearAsync();
        await peer.HearAsync();
        peer.Say(said);
        peer.Stream.Close();

        Assert.Equal(why, (await peer.EndAsync()).Message);
        foreach (var (i, call) in asked.Index())
        {
            if (said.StartsWith("+1", StringComparison.Ordinal) && (i == 0 || said.StartsWith("+1\r\n+2", StringComparison.Ordinal)))
            {
                Assert.Equal($"+{i + 1}", await call);
                continue;
            }

            var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(call));
            Assert.Equal(($"The connection has ended: {why}", true), (fault.Message, fault.MayHaveRun));
        }

        var after = await Assert.ThrowsAsync<RespConnectionException>(() => peer.Ask("GET", "3"));
        Assert.Equal(($"The connection has ended: {why}", false), (after.Message, after.MayHaveRun));
        var told = new List<string>();
        peer.Connection.Send(new RespCommand("GET", "4"), new NotedReply(told.Add));
        Assert.Equal([$"The connection has ended: {why}"], told);
    }

    [Fact]
    public async Task WhatWasNotHandedOver_HasNotRun()
    {
        await using var peer = new ScriptedPeer();
        var answered = peer.Ask("GET", "0");
        peer.Stream.Hold();
        peer.Say("+0\r\n");
        await answered;
        var handed = peer.Ask("GET", "1");
        await ScriptedPeer.Soon(peer.Stream.IsHeld.Task);
        var kept = peer.Ask("GET", "2");
        peer.Stream.Close(new IOException("Connection reset by peer"));

        Assert.Equal("Connection reset by peer", (await peer.EndAsync()).Message);
        Assert.True((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(handed))).MayHaveRun);
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(kept))).MayHaveRun);
    }

    [Fact]
    public async Task NetworkThatTakesNothingMore_EndsTheConnection()
    {
        await using var peer = new ScriptedPeer();
        peer.Stream.Dispose();
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => peer.Ask("GET", "1"));
        Assert.IsType<ObjectDisposedException>(await peer.EndAsync());
        Assert.NotNull(fault.InnerException);
    }

    [Fact]
    public async Task ServerThatHasStopped_EndsTheConnection()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("GET", "1");
        peer.Pass(1.25);
        await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(asked));
        var second = peer.Ask("GET", "2");
        Assert.Null(peer.Connection.Fault);
        peer.Pass(1);
        Assert.Equal("The server has stopped answering.", (await peer.EndAsync()).Message);
        Assert.True((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(second))).MayHaveRun);
    }

    [Fact]
    public async Task ServerThatSpeaksAndDoesNotAnswer_IsGivenUpLater()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("GET", "1");
        for (var i = 0; i < 30; i++)
        {
            peer.Say(">1\r\n+alive\r\n");
            await peer.PushAsync();
            peer.Pass(0.25);
        }

        Assert.Null(peer.Connection.Fault);
        await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(asked));
        peer.Say(">1\r\n+alive\r\n");
        await peer.PushAsync();
        peer.Pass(0.75);
        Assert.Equal("The server speaks, and does not answer.", (await peer.EndAsync()).Message);
    }

    [Fact]
    public async Task ConnectionWithoutWork_StaysUp()
    {
        await using var peer = new ScriptedPeer();
        peer.Pass(60);
        var asked = peer.Ask("PING");
        peer.Say("+PONG\r\n");
        Assert.Equal("+PONG", await ScriptedPeer.Soon(asked));
    }

    [Fact]
    public async Task Dispose_FailsWhoWaits_AndSaysSo()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("GET", "1");
        await peer.Connection.DisposeAsync();
        Assert.Equal("The connection was closed here.", (await peer.EndAsync()).Message);
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(asked));
        Assert.Equal(("The connection has ended: The connection was closed here.", true), (fault.Message, fault.MayHaveRun));
        await peer.Connection.DisposeAsync();
    }

    [Fact]
    public async Task SinkThatThrows_EndsTheConnection()
    {
        await using var peer = new ScriptedPeer();
        peer.Pushed = _ => throw new DivideByZeroException();
        var asked = peer.Ask("GET", "1");
        peer.Say(">1\r\n+a\r\n+1\r\n");
        Assert.IsType<DivideByZeroException>(await peer.EndAsync());
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(asked));
    }

    // Who is told that a connection has ended must not hear from it again, nor at the same time.
    [Fact]
    public async Task WhenItHasEnded_NoSinkIsCalledAnyMore()
    {
        await using var peer = new ScriptedPeer();
        var inPush = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new ManualResetEventSlim();
        var pushes = 0;
        peer.Pushed = _ =>
        {
            pushes++;
            inPush.TrySetResult();
            goOn.Wait(TimeSpan.FromSeconds(30));
        };
        peer.Say(">1\r\n+a\r\n>1\r\n+b\r\n>1\r\n+c\r\n");
        await ScriptedPeer.Soon(inPush.Task);

        var closing = peer.Connection.DisposeAsync().AsTask();
        Assert.False(peer.Connection.Ended.IsCompleted);
        goOn.Set();
        await ScriptedPeer.Soon(closing);
        Assert.Equal(1, pushes);
    }

    // Two who take out of the line would shift it: one fails a call, and the other gives the next one its reply.
    [Fact]
    public async Task RepliesThatAreThere_WhenItEnds_ReachTheirOwnOrNobody()
    {
        for (var round = 0; round < 500; round++)
        {
            await using var peer = new ScriptedPeer();
            var asked = Enumerable.Range(0, 50).Select(i => peer.Ask("GET", $"{i}")).ToArray();
            peer.Say(string.Concat(Enumerable.Range(0, 50).Select(i => $"+{i}\r\n")));
            await Task.WhenAll(peer.Connection.DisposeAsync().AsTask());
            foreach (var (i, call) in asked.Index())
            {
                try
                {
                    Assert.Equal($"+{i}", await ScriptedPeer.Soon(call));
                }
                catch (RespConnectionException)
                {
                    // it came too late
                }
            }
        }
    }
}
