using System.Diagnostics;
using System.Text;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>What two servers of a cluster may answer, and who is asked then, and how often.</summary>
public sealed class RedirectionTests : IAsyncLifetime
{
    private const int Slot = 12182; // of "foo"
    private readonly ScriptedServer _first = new();
    private readonly ScriptedServer _second = new();
    private readonly ShardNotes _user = new();
    private RespClient _client = null!;

    [Fact]
    public async Task Moved_ToAServerThatWasNotKnown_IsFollowed_AndTheSlotStaysThere()
    {
        var map = Whole(_first);
        _first.Describe(() => map, _ => $"-MOVED {Slot} {_second.Name}\r\n");
        _second.Describe(() => Whole(_second), _ => "+second\r\n");
        await UpAsync();
        map = ScriptedServer.Slots((0, Slot - 1, _first), (Slot, Slot, _second), (Slot + 1, 16_383, _first));
        Assert.Equal("+second", await AskAsync("GET", "foo"));
        Assert.Equal("+second", await AskAsync("GET", "foo"));
        Assert.Equal(["GET foo"], _first.Heard);
        Assert.Equal(["GET foo", "GET foo"], _second.Heard);
        Assert.Equal(_second.Port, _client.ShardOf(Slot)!.Server!.Port);
        Assert.Equal(_first.Port, _client.ShardOf(Slot + 1)!.Server!.Port);
    }

    [Fact]
    public async Task Ask_GoesOnceToTheImporter_AndTheSlotStaysWhereItWas()
    {
        _first.Describe(() => Whole(_first), _ => $"-ASK {Slot} {_second.Name}\r\n");
        _second.Describe(() => Whole(_first), command => command == "ASKING" ? "+OK\r\n" : "+imported\r\n");
        await UpAsync();
        Assert.Equal("+imported", await AskAsync("GET", "foo"));
        Assert.Equal("+imported", await AskAsync("GET", "foo"));
        Assert.Equal(["GET foo", "GET foo"], _first.Heard);
        Assert.Equal(["ASKING", "GET foo", "ASKING", "GET foo"], _second.Heard);
    }

    [Fact]
    public async Task WhoImportsItsFirstSlot_KeepsItsConnections_ThoughNoMapNamesIt()
    {
        var maps = 0;
        foreach (var server in new[] { _first, _second })
        {
            server.Describe(
                () =>
                {
                    Interlocked.Increment(ref maps);
                    return Whole(_first);
                },
                _ => "+1\r\n");
        }

        await UpAsync();
        var owner = _client.ShardOf(Slot)!;
        var ask = RespServerException.Of(Encoding.ASCII.GetBytes($"ASK {Slot} {_second.Name}"));
        var importer = _client.Redirect(ask, owner);
        await _user.UpAsync(_second.Port);
        for (var i = 0; i < 3; i++)
        {
            // What one reading has brought is adopted before the next begins.
            var read = Volatile.Read(ref maps);
            _client.LookAgain();
            while (Volatile.Read(ref maps) == read)
                await Task.Yield();
        }

        Assert.Contains(importer, _client.Shards);
        Assert.Same(importer, _client.Redirect(ask, owner));
    }

    [Theory]
    [InlineData("TRYAGAIN Multiple keys request during rehashing of slot")]
    [InlineData("CLUSTERDOWN Hash slot not served")]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")]
    public async Task ForNow_IsAskedAgain(string error)
    {
        var left = 2;
        _first.Describe(() => Whole(_first), _ => left-- > 0 ? $"-{error}\r\n" : "+1\r\n");
        await UpAsync();
        Assert.Equal("+1", await AskAsync("GET", "foo"));
        Assert.Equal(["GET foo", "GET foo", "GET foo"], _first.Heard);
    }

    [Theory]
    [InlineData("ERR syntax error")]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("NOSCRIPT No matching script.")]
    [InlineData("CROSSSLOT Keys in request don't hash to the same slot")]
    [InlineData("NOREPLICAS Not enough good replicas to write.")]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.")]
    [InlineData("READONLY You can't write against a read only replica.")]
    public async Task OtherErrors_AreTheCallers(string error)
    {
        _first.Describe(() => Whole(_first), _ => $"-{error}\r\n");
        await UpAsync();
        var connection = _client.ShardOf(Slot)!.Values.Current!;
        Assert.Equal(error.Split(' ')[0], (await Assert.ThrowsAsync<RespServerException>(() => AskAsync("SET", "foo", "1"))).Code);
        Assert.Equal(["SET foo 1"], _first.Heard);
        // Who leads no more is not to be asked again.
        Assert.Equal(error.StartsWith("READONLY", StringComparison.Ordinal), connection.Ended.IsCompleted);
    }

    [Theory]
    [InlineData("MOVED {slot} {first}", "MOVED {slot} {second}")]
    [InlineData("MOVED {slot} {first}", "ASK {slot} {second}")]
    [InlineData("", "MOVED {slot} {first}")]
    [InlineData("", "MOVED nonsense")]
    [InlineData("", "TRYAGAIN later")]
    public async Task ServersThatNeverAgree_AreAskedAFewTimes(string second, string first)
    {
        string Name(string text) => text.Replace("{slot}", $"{Slot}", StringComparison.Ordinal)
            .Replace("{first}", _first.Name, StringComparison.Ordinal).Replace("{second}", _second.Name, StringComparison.Ordinal);
        _first.Describe(() => Whole(_first), _ => $"-{Name(first)}\r\n");
        _second.Describe(() => Whole(_second), _ => $"-{Name(second)}\r\n");
        await UpAsync();
        var fault = await Assert.ThrowsAsync<RespServerException>(() => AskAsync("GET", "foo"));
        Assert.False(fault.MayHaveRun);
        Assert.Equal(6, _first.Heard.Concat(_second.Heard).Count(c => c == "GET foo"));
    }

    // What may have been carried out is sent once: it is up to the caller, who knows what that would do.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatMayHaveRun_IsNotSentAgain(bool isCut)
    {
        _first.Describe(() => Whole(_first), _ => isCut ? "" : null);
        await UpAsync();
        var fault = await Assert.ThrowsAnyAsync<RespException>(() => AskAsync("INCR", "foo"));
        Assert.IsType(isCut ? typeof(RespConnectionException) : typeof(RespTimeoutException), fault);
        Assert.True(fault.MayHaveRun);
        Assert.Equal(["INCR foo"], _first.Heard);
        Assert.Empty(_second.Heard);
    }

    [Fact]
    public async Task NobodysSlot_FailsAtOnce()
    {
        _first.Describe(() => ScriptedServer.Slots((0, 5, _first)), _ => "+1\r\n");
        await UpAsync();
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "foo"));
        Assert.Equal(("No primary of the Redis Cluster can be reached for this key.", false), (fault.Message, fault.MayHaveRun));
        Assert.Empty(_first.Heard);
    }

    // Cut off, it still believes in the primaries of before.
    [Fact]
    public async Task NodeThatIsCutOff_IsNotBelieved()
    {
        _first.Describe(() => Whole(_first), _ => "-CLUSTERDOWN The cluster is down\r\n", () => ScriptedServer.Info(false, 9));
        _second.Describe(() => Whole(_second), _ => "+second\r\n");
        await UpAsync();
        Assert.Equal("+second", await AskAsync("GET", "foo"));
        Assert.Empty(_first.Heard);
    }

    // Nobody has to ask for anything: who follows a log hears of the new primary as soon as its servers know.
    [Fact]
    public async Task PrimaryThatCannotBeReachedAnyMore_HasTheMapReadAnew()
    {
        var map = Whole(_first);
        _first.Describe(() => map, _ => "");
        _second.Describe(() => map, _ => "+second\r\n");
        await UpAsync();
        map = Whole(_second);
        var since = Stopwatch.GetTimestamp();
        _first.Role = "replica";
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.TextAsync(_client.ShardOf(Slot)!.Ordered!.SendAsync(new RespCommand("PING"))));
        await _user.UpAsync(_second.Port);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(8)); // not by the map that is read each ten
        Assert.Equal("+second", await AskAsync("GET", "foo"));
    }

    [Fact]
    public async Task NodeThatSeesNoCluster_IsNamedInTheFault()
    {
        _first.Describe(() => Whole(_first), _ => "+1\r\n", () => ScriptedServer.Info(false, 1));
        Start(_first.Name);
        await _first.HearAsync("CLUSTER SLOTS"); // and has been heard once more when the fault is known
        await _first.HearAsync("CLUSTER SLOTS");
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "foo"));
        Assert.Equal($"No primary of the Redis Cluster can be reached for this key: {_first.Name} sees no cluster that serves.", fault.Message);
    }

    [Fact]
    public async Task MapOfAnOlderEpoch_IsNotBelieved_WhileAnotherIsThere()
    {
        var asked = 0;
        _first.Describe(() => Whole(_first), _ => "+first\r\n", () => ScriptedServer.Info(true, 5));
        _second.Describe(
            () => ScriptedServer.Slots((0, 5, _first), (6, 16_383, _second)),
            command => command == "GET foo" ? "-TRYAGAIN\r\n" : "+second\r\n",
            () => ++asked == 2 ? "-ERR not now\r\n" : ScriptedServer.Info(true, 6));
        Start(_second.Name);
        await _user.UpAsync();
        await _user.UpAsync();
        await Assert.ThrowsAsync<RespServerException>(() => AskAsync("GET", "foo")); // has the map read anew
        // Once it said "not now", the other one was asked.
        while (Volatile.Read(ref asked) < 3)
            await _second.HearAsync("CLUSTER INFO");
        await _second.HearAsync("CLUSTER SLOTS");
        Assert.Equal("+second", await AskAsync("GET", "bar", Slot));
        Assert.Empty(_first.Heard);
    }

    // Somebody's command may be on its way to a server that has just given its last slot away.
    [Fact]
    public async Task ServerThatLeavesTheMap_IsKeptForAsLongAsACommandMayTake()
    {
        var map = Whole(_first);
        _first.Describe(() => map, _ => $"-MOVED {Slot} {_second.Name}\r\n");
        _second.Describe(() => map, _ => "+second\r\n");
        await UpAsync();
        var left = _client.ShardOf(Slot)!;
        var since = Stopwatch.GetTimestamp();
        map = Whole(_second);
        Assert.Equal("+second", await AskAsync("GET", "foo"));
        await _user.DownAsync(left);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
        Assert.Equal(_second.Port, Assert.Single(_client.Shards).Server!.Port);
    }

    [Fact]
    public async Task AfterDispose_CommandsFail_AndNobodyConnects()
    {
        _first.Describe(() => Whole(_first), _ => $"-MOVED {Slot} {_second.Name}\r\n");
        await UpAsync();
        await ScriptedPeer.Soon(_client.DisposeAsync().AsTask());
        Assert.False((await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("GET", "foo"))).MayHaveRun);
        await ScriptedPeer.Soon(_client.DisposeAsync().AsTask());
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await ScriptedPeer.Soon(_client.DisposeAsync().AsTask());
        _user.AssertAllDown();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    private static string Whole(ScriptedServer primary) => ScriptedServer.Slots((0, 16_383, primary));

    private void Start(string names) => _client = RespClient.Create(RedisAddress.Parse($"redis://{names}?cluster=true"), _user, TimeProvider.System);

    // The client has a map, and connections to whom it names.
    private async Task UpAsync()
    {
        Start($"{_first.Name},{_second.Name}");
        await _user.UpAsync();
    }

    private Task<string> AskAsync(params string[] parts) => ScriptedPeer.TextAsync(_client.SendAsync(Slot, new RespCommand(parts)));

    private Task<string> AskAsync(string name, string key, int slot) => ScriptedPeer.TextAsync(_client.SendAsync(slot, new RespCommand(name, key)));
}
