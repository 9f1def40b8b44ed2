using System.Threading.Channels;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A link keeps a connection up: each attempt, each connection and each pause is the test's.</summary>
public sealed class LinkTests : IAsyncLifetime
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(16);

    private readonly TimerNotes _time = new();
    private readonly Channel<TaskCompletionSource<RespConnection>> _attempts = Channel.CreateUnbounded<TaskCompletionSource<RespConnection>>();
    private readonly List<ScriptedPeer> _peers = [];
    private readonly User _user = new();
    private RespLink _link = null!;

    [Fact]
    public async Task WithoutAConnection_CommandsFailAtOnce_AndSayWhy()
    {
        var attempt = await AttemptAsync();
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "k"));
        Assert.Equal(("There is no connection to Redis yet.", false), (fault.Message, fault.MayHaveRun));
        Assert.Null(_link.Current);

        attempt.SetException(new RespConnectionException("Nobody is there.", mayHaveRun: true));
        await _time.NextAsync();
        fault = await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "k"));
        Assert.Equal(("There is no connection to Redis: Nobody is there.", false), (fault.Message, fault.MayHaveRun));
        Assert.Empty(_user.Told);
    }

    [Fact]
    public async Task Pauses_Grow_AreRandom_AndAreBounded()
    {
        for (var failures = 1; failures <= 12; failures++)
        {
            (await AttemptAsync()).SetException(new RespConnectionException("Nobody is there.", mayHaveRun: false));
            var pause = await _time.NextAsync();
            var bound = TimeSpan.FromTicks(Math.Min(First.Ticks << (failures - 1), Longest.Ticks));
            Assert.InRange(pause, TimeSpan.Zero, bound);
            if (pause > TimeSpan.FromMilliseconds(1))
            {
                _time.Advance(pause - TimeSpan.FromMilliseconds(1));
                Assert.False(_attempts.Reader.TryPeek(out _), "It tried before the pause was over.");
            }

            _time.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    // A server that lets in and throws out is paused for as one that refuses; one that has served for a second begins anew.
    [Theory]
    [InlineData(0.9, false)]
    [InlineData(1.0, true)]
    public async Task ConnectionThatLasted_BeginsTheCountAnew(double seconds, bool begins)
    {
        var longest = TimeSpan.Zero;
        for (var i = 0; i < 60; i++)
        {
            var peer = await ConnectAsync();
            _time.Advance(TimeSpan.FromSeconds(seconds));
            peer.Stream.Close();
            var pause = await _time.NextAsync();
            longest = pause > longest ? pause : longest;
            _time.Advance(pause);
        }

        // 60 random pauses that may be of 16 s, and none above 2: a chance of 10^-50.
        Assert.Equal(begins, longest <= First);
    }

    [Fact]
    public async Task User_IsToldOfEachConnection_AndOfItsEndAfterItsCommandsHaveFailed()
    {
        for (var i = 0; i < 3; i++)
        {
            var peer = await ConnectAsync();
            peer.Connection.Send(new RespCommand("GET", "k"), new NotedReply(text => _user.Note($"reply {text}")));
            Assert.Equal("GET k", await peer.HearAsync());
            _link.Current!.Send(new RespCommand("GET", "l"), new NotedReply(text => _user.Note($"reply {text}")));
            peer.Say("+1\r\n>1\r\n+hi\r\n");
            await peer.PushAsync();
            peer.Stream.Close(new IOException("Cut."));
            _time.Advance(await _time.NextAsync());
        }

        string[] each = ["up", "reply +1", "reply The connection has ended: Cut.", "down Cut."];
        Assert.Equal([.. each, .. each, .. each], _user.Told);
    }

    [Fact]
    public async Task Drop_EndsThisConnection_AndALaterOneStays()
    {
        var first = await ConnectAsync();
        var asked = AskAsync("GET", "k");
        await ScriptedPeer.Soon(RespLink.DropAsync(first.Connection).AsTask());
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(asked));
        Assert.True(fault.MayHaveRun);

        _time.Advance(await _time.NextAsync());
        var second = await ConnectAsync();
        await ScriptedPeer.Soon(RespLink.DropAsync(first.Connection).AsTask());
        Assert.Same(second.Connection, _link.Current);
        Assert.Null(second.Connection.Fault);
        Assert.Equal(["up", "down The connection was closed here.", "up"], _user.Told);
    }

    [Fact]
    public async Task Up_WaitsForTheNextConnection()
    {
        var attempt = await AttemptAsync();
        var waits = _link.UpAsync(default);
        using var leaving = new CancellationTokenSource();
        var leaves = _link.UpAsync(leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ScriptedPeer.Soon(leaves));

        attempt.SetException(new RespConnectionException("Nobody is there.", mayHaveRun: false));
        _time.Advance(await _time.NextAsync());
        Assert.False(waits.IsCompleted);
        var peer = await ConnectAsync();
        Assert.Same(peer.Connection, await ScriptedPeer.Soon(waits));
        Assert.Same(peer.Connection, await ScriptedPeer.Soon(_link.UpAsync(default)));
    }

    // The link hears of the end a little later than the connection takes no more.
    [Fact]
    public async Task ConnectionThatHasEnded_IsNotTheCurrentOneAnyMore()
    {
        var peer = await ConnectAsync();
        var dropping = RespLink.DropAsync(peer.Connection).AsTask();
        Assert.Null(_link.Current);
        var waits = _link.UpAsync(default);
        var asked = _link.SendAsync(new RespCommand("GET", "k")); // fails when it is awaited, not before
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.TextAsync(asked))).MayHaveRun);
        var direct = peer.Connection.SendAsync(new RespCommand("GET", "k"));
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.TextAsync(direct))).MayHaveRun);
        Assert.False(waits.IsCompleted);
        await ScriptedPeer.Soon(dropping);
        _time.Advance(await _time.NextAsync());
        var next = await ConnectAsync();
        Assert.Same(next.Connection, await ScriptedPeer.Soon(waits));
    }

    [Fact]
    public async Task Dispose_EndsTheConnection_AndTellsTheUser()
    {
        var peer = await ConnectAsync();
        var asked = AskAsync("GET", "k");
        await ScriptedPeer.Soon(_link.DisposeAsync().AsTask());
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(asked));
        Assert.NotNull(peer.Connection.Fault);
        Assert.Equal(["up", "down The connection was closed here."], _user.Told);
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "k"))).MayHaveRun);
        await ScriptedPeer.Soon(_link.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task DisposeWhileItConnects_EndsTheAttempt_AndThoseWhoWait()
    {
        await AttemptAsync();
        var waits = _link.UpAsync(default);
        await ScriptedPeer.Soon(_link.DisposeAsync().AsTask());
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(waits));
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(_link.UpAsync(default)));
        Assert.Empty(_user.Told);
    }

    [Fact]
    public async Task DisposeDuringAPause_EndsIt()
    {
        (await AttemptAsync()).SetException(new RespConnectionException("Nobody is there.", mayHaveRun: false));
        await _time.NextAsync();
        await ScriptedPeer.Soon(_link.DisposeAsync().AsTask());
        Assert.False(_attempts.Reader.TryPeek(out _));
    }

    // Closing and connecting may cross: then the connection ends at once, and the user hears of both.
    [Fact]
    public async Task ConnectionThatComesAfterClosing_IsEnded()
    {
        var peer = NewPeer();
        var connecting = new TaskCompletionSource<RespConnection>();
        var called = new TaskCompletionSource();
        var link = new RespLink(
            _ =>
            {
                called.SetResult();
                return connecting.Task;
            },
            _user,
            Backoff.Default,
            _time);
        await ScriptedPeer.Soon(called.Task);
        var disposing = link.DisposeAsync().AsTask();
        connecting.SetResult(peer.Connection);
        await ScriptedPeer.Soon(disposing);
        Assert.NotNull(peer.Connection.Fault);
        Assert.Equal(["up", "down The connection was closed here."], _user.Told);
    }

    // Whoever makes a link may hold a lock, and the user does not know the link yet.
    [Fact]
    public async Task User_IsNotCalledWhileTheLinkIsMade()
    {
        var peer = NewPeer();
        var user = new MakingUser();
        MakingUser.IsMaking = true;
        var link = new RespLink(_ => Task.FromResult(peer.Connection), user, Backoff.Default, _time);
        MakingUser.IsMaking = false;
        Assert.False(await ScriptedPeer.Soon(user.WasMaking.Task));
        await ScriptedPeer.Soon(link.DisposeAsync().AsTask());
    }

    [Fact]
    public async Task UserThatThrows_IsToldOfTheEnd_AndTheLinkGoesOn()
    {
        _user.Throws = true;
        await ConnectAsync();
        var pause = await _time.NextAsync();
        Assert.Equal("No.", _link.Fault!.Message);
        _user.Throws = false;
        _time.Advance(pause);
        await ConnectAsync();
        Assert.Equal(["up", "down The connection was closed here.", "up"], _user.Told);
    }

    public ValueTask InitializeAsync()
    {
        _link = new RespLink(
            cancel =>
            {
                var attempt = new TaskCompletionSource<RespConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
                cancel.UnsafeRegister(_ => attempt.TrySetCanceled(cancel), null);
                _attempts.Writer.TryWrite(attempt);
                return attempt.Task;
            },
            _user,
            new Backoff(First, Longest),
            _time);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await ScriptedPeer.Soon(_link.DisposeAsync().AsTask());
        foreach (var peer in _peers)
            await peer.DisposeAsync();
        Assert.Equal(_user.Told.Count(t => t == "up"), _user.Told.Count(t => t.StartsWith("down", StringComparison.Ordinal)));
    }

    private async Task<TaskCompletionSource<RespConnection>> AttemptAsync() => await ScriptedPeer.Soon(_attempts.Reader.ReadAsync().AsTask());

    private ScriptedPeer NewPeer()
    {
        _peers.Add(new ScriptedPeer());
        return _peers[^1];
    }

    // The attempt succeeds, and the link and its user know.
    private async Task<ScriptedPeer> ConnectAsync()
    {
        var peer = NewPeer();
        var attempt = await AttemptAsync();
        var up = _user.Throws ? Task.CompletedTask : _link.UpAsync(default);
        attempt.SetResult(peer.Connection);
        await ScriptedPeer.Soon(up);
        return peer;
    }

    private Task<string> AskAsync(params string[] parts) => ScriptedPeer.TextAsync(_link.SendAsync(new RespCommand(parts)));

    private sealed class User : ILinkUser
    {
        private readonly List<string> _told = [];

        public bool Throws { get; set; }

        public string[] Told
        {
            get
            {
                lock (_told)
                    return [.. _told];
            }
        }

        public void Note(string what)
        {
            lock (_told)
                _told.Add(what);
        }

        public void OnUp(RespConnection connection)
        {
            Note("up");
            if (Throws)
                throw new InvalidOperationException("No.");
        }

        public void OnDown(Exception why) => Note($"down {why.Message}");

        public void OnPush(RespReader push)
        {
        }
    }

    private sealed class MakingUser : ILinkUser
    {
        [ThreadStatic]
        public static bool IsMaking;

        public TaskCompletionSource<bool> WasMaking { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnUp(RespConnection connection) => WasMaking.TrySetResult(IsMaking);

        public void OnDown(Exception why)
        {
        }

        public void OnPush(RespReader push)
        {
        }
    }
}
