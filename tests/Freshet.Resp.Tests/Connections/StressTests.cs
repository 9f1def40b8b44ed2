using System.Globalization;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Protocol.Judging;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Resp.Tests.Connections;

/// <summary>Alone, for it counts what the process holds.</summary>
[CollectionDefinition(nameof(StressTests), DisableParallelization = true)]
public static class Alone;

/// <summary>
/// Everything at once: callers, cancellations, timeouts, kept replies, sinks, subscriptions, too little room, and connections that
/// break in every way. Each call has one outcome, a reply is one's own, what "has not run" was never heard, and nothing is left.
/// </summary>
[Collection(nameof(StressTests))]
public sealed class StressTests
{
    private const int Callers = 48;
    private const int Rounds = 400;

    private static readonly RespConnectionSettings Settings = new()
    {
        CommandTimeout = TimeSpan.FromSeconds(1),
        MaxInLine = 24,
        MaxUnsentBytes = 2000,
    };

    private readonly FakeTimeProvider _time = new();
    private readonly List<EchoPeer> _peers = [];
    private readonly Lock _gate = new();
    private int _seed;
    private int _replies;
    private int _failures;
    private int _cancelled;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task EverythingAtOnce_EachCallHasOneOutcome_AndItsOwn(int seed)
    {
        var buffers = RespBuffer.InUse;
        _seed = seed * 1_000_000;
        using var done = new CancellationTokenSource();
        var world = Task.Run(() => TurnAsync(done.Token));
        var callers = Enumerable.Range(0, Callers).Select(i => Task.Run(() => CallAsync(i))).ToArray();
        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(120));
        await done.CancelAsync();
        await world;

        foreach (var peer in _peers)
            await peer.DisposeAsync();
        Assert.Equal(buffers, RespBuffer.InUse);
        // All of it happened, and often.
        Assert.True(_replies > 1000 && _failures > 100 && _cancelled > 100 && _peers.Count > 10, $"{_replies} replies, {_failures} failures, {_cancelled} cancelled, {_peers.Count} connections");
    }

    // The class of CVE-2023-28858: who leaves must not leave his reply to somebody else, and the connection need not end for it.
    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task ManyWhoLeave_ShiftNothing_OnOneConnection(int seed)
    {
        await using var peer = new EchoPeer(seed, Settings with { MaxInLine = 16_384, MaxUnsentBytes = 1 << 20 }, _time);
        using var done = new CancellationTokenSource();
        _peers.Add(peer);
        var world = Task.Run(() => TurnAsync(done.Token, turnsClock: false));
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var random = new Random((seed * 1000) + caller);
            for (var round = 0; round < Rounds; round++)
            {
                var argument = string.Create(CultureInfo.InvariantCulture, $"{caller}/{round}");
                try
                {
                    using var reply = await (random.Next(2) == 0
                        ? CancelledAsync(peer, argument, random.Next(3))
                        : peer.Connection.SendAsync(new RespCommand("ECHO", argument)).AsTask());
                    Assert.Equal(argument, Read(reply.Reader));
                    Interlocked.Increment(ref _replies);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref _cancelled);
                }
            }
        }))).WaitAsync(TimeSpan.FromSeconds(120));
        await done.CancelAsync();
        await world;

        Assert.Null(peer.Connection.Fault);
        Assert.Equal(Callers * Rounds, _replies + _cancelled);
        Assert.True(_replies > 1000 && _cancelled > 1000, $"{_replies} replies, {_cancelled} cancelled");
    }

    // What a timer holds on to may be in the pool, or used again: it must not be able to end that.
    [Fact]
    public async Task CallInThePool_CannotBeFailed()
    {
        var call = RespCall.Rent(null, default, 0);
        var use = call.Use;
        Assert.False(call.IsDecided);
        var reply = call.Reply;
        call.Fail(new RespTimeoutException(TimeSpan.Zero));
        await Assert.ThrowsAsync<RespTimeoutException>(async () => (await reply).Dispose());

        Assert.True(call.IsDecided);
        call.TryFail(call.Use, new InvalidOperationException("It is nobody's."));
        call.TryFail(use, new InvalidOperationException("It was somebody else's."));
        var next = RespCall.Rent(null, default, 0);
        Assert.False(next.IsDecided);
        reply = next.Reply;
        next.Fail(new RespTimeoutException(TimeSpan.Zero));
        await Assert.ThrowsAsync<RespTimeoutException>(async () => (await reply).Dispose());
    }

    // The clock and the servers go on, whatever the callers do.
    private async Task TurnAsync(CancellationToken done, bool turnsClock = true)
    {
        var random = new Random(_seed);
        while (!done.IsCancellationRequested)
        {
            EchoPeer[] peers;
            lock (_gate)
                peers = [.. _peers.TakeLast(3)];
            foreach (var peer in peers)
                peer.Speak();
            if (turnsClock && random.Next(20) == 0)
                _time.Advance(TimeSpan.FromMilliseconds(random.Next(200)));
            await Task.Yield();
        }
    }

    private EchoPeer Peer()
    {
        lock (_gate)
        {
            if (_peers.Count == 0 || _peers[^1].Connection.Fault is not null)
                _peers.Add(new EchoPeer(_seed++, Settings, _time));
            return _peers[^1];
        }
    }

    private async Task CallAsync(int caller)
    {
        var random = new Random(_seed + caller);
        var kept = new Queue<(RespReply Reply, string Expected)>();
        for (var round = 0; round < Rounds; round++)
        {
            var peer = Peer();
            var argument = string.Create(CultureInfo.InvariantCulture, $"{caller}/{round}/{new string('x', random.Next(50) == 0 ? random.Next(3000) : random.Next(30))}");
            var action = random.Next(400);
            if (action == 0)
                peer.Break(random.Next());
            try
            {
                var reply = action switch
                {
                    < 100 => await CancelledAsync(peer, argument, random.Next(3)),
                    < 200 => await SunkAsync(peer, argument),
                    < 210 => await SubscribedAsync(peer, argument),
                    _ => await peer.Connection.SendAsync(new RespCommand("ECHO", argument)),
                };
                Interlocked.Increment(ref _replies);
                if (reply is { } own)
                    kept.Enqueue((own, argument));
            }
            catch (RespException e) when (e is RespConnectionException or RespTimeoutException)
            {
                Interlocked.Increment(ref _failures);
                Assert.True(e.MayHaveRun || !peer.Heard.ContainsKey(argument), "What has not run was heard.");
            }
            catch (OperationCanceledException)
            {
                Assert.InRange(action, 0, 99);
                Interlocked.Increment(ref _cancelled);
            }

            while (kept.Count > random.Next(4))
                Check(kept.Dequeue());
        }

        foreach (var left in kept)
            Check(left);
    }

    private static void Check((RespReply Reply, string Expected) kept)
    {
        Assert.Equal(kept.Expected, Read(kept.Reply.Reader));
        kept.Reply.Dispose();
    }

    private static string Read(RespReader reader) => RespValue.Of(ref reader).Text;

    private static async Task<RespReply> CancelledAsync(EchoPeer peer, string argument, int how)
    {
        using var leave = new CancellationTokenSource();
        var canceller = how switch
        {
            0 => Task.Run(leave.Cancel),
            _ => null,
        };
        var asked = peer.Connection.SendAsync(new RespCommand("ECHO", argument), leave.Token).AsTask();
        canceller ??= how == 1 ? leave.CancelAsync() : Task.Run(leave.Cancel);
        try
        {
            return await asked;
        }
        finally
        {
            await canceller;
        }
    }

    private static async Task<RespReply?> SunkAsync(EchoPeer peer, string argument)
    {
        var sink = new OnceSink();
        peer.Connection.Send(new RespCommand("ECHO", argument), sink);
        Assert.Equal(argument, await sink.Outcome.Task);
        return null;
    }

    private static async Task<RespReply?> SubscribedAsync(EchoPeer peer, string argument)
    {
        await peer.Connection.SubscribeAsync(new RespChannel(System.Text.Encoding.ASCII.GetBytes(argument)));
        return null;
    }

    private sealed class OnceSink : IReplySink
    {
        private int _told;

        public TaskCompletionSource<string> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnReply(RespReader reply)
        {
            Once();
            Outcome.SetResult(Read(reply));
        }

        public void OnFailed(Exception fault)
        {
            Once();
            Outcome.SetException(fault);
        }

        private void Once() => Assert.Equal(1, Interlocked.Increment(ref _told));
    }
}
