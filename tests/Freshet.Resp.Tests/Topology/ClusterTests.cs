using System.Globalization;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A real cluster: every slot is reached, also while it moves, and nothing is carried out twice.</summary>
public sealed class ClusterTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IAsyncLifetime
{
    private readonly ShardNotes _user = new();
    private RespClient _client = null!;

    [Fact]
    public async Task EverySlot_IsReached_WithoutRedirection()
    {
        var keys = new string?[HashSlot.Count];
        for (var (i, left) = (0, keys.Length); left > 0; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"every{i}");
            if (keys[ClusterFixture.SlotOf(key)] is null)
                (keys[ClusterFixture.SlotOf(key)], left) = (key, left - 1);
        }

        // Straight to whom the map names, so that a redirection would be an error.
        Assert.All(await Task.WhenAll(keys.Select(key => ScriptedPeer.TextAsync(Direct("SET", key!, key!)))), reply => Assert.Equal("+OK", reply));
        Assert.Equal(keys.Select(key => "$" + key), await Task.WhenAll(keys.Select(key => _client.AskAsync("GET", key!))), StringComparer.Ordinal);
        await Task.WhenAll(keys.Select(key => _client.AskAsync("DEL", key!)));

        ValueTask<RespReply> Direct(params string[] parts) => _client.ShardOf(ClusterFixture.SlotOf(parts[1]))!.Values.SendAsync(new RespCommand(parts));
    }

    [Fact]
    public async Task SlotThatMoved_IsFollowed()
    {
        const string Key = "{moved}k";
        var slot = ClusterFixture.SlotOf(Key);
        Assert.Equal("+OK", await _client.AskAsync("SET", Key, "v"));
        var (from, to) = await EndsAsync(slot);
        await ClusterFixture.BeginMoveAsync(slot, from, to);
        await ClusterFixture.EndMoveAsync(slot, from, to);
        Assert.Equal(from.Port, _client.ShardOf(slot)!.Server!.Port);
        Assert.Equal("$v", await _client.AskAsync("GET", Key));
        Assert.Equal(to.Port, _client.ShardOf(slot)!.Server!.Port);
    }

    [Fact]
    public async Task SlotThatIsMoving_IsServedByBoth()
    {
        var slot = ClusterFixture.SlotOf("{moving}");
        Assert.Equal("+OK", await _client.AskAsync("SET", "{moving}here", "1"));
        Assert.Equal("+OK", await _client.AskAsync("SET", "{moving}gone", "2"));
        var (from, to) = await EndsAsync(slot);
        await ClusterFixture.BeginMoveAsync(slot, from, to);
        await ClusterFixture.MoveKeysAsync(from, to, "{moving}gone");

        Assert.Equal("$1", await _client.AskAsync("GET", "{moving}here"));
        Assert.Equal("$2", await _client.AskAsync("GET", "{moving}gone")); // ASK
        Assert.Equal("+OK", await _client.AskAsync("SET", "{moving}new", "3")); // begins where the slot will be
        Assert.Equal(":1", await _client.RunAsync("{moving}gone"));
        Assert.Equal(from.Port, _client.ShardOf(slot)!.Server!.Port);

        // Some of the keys here, some there: nobody can answer.
        var fault = await Assert.ThrowsAsync<RespServerException>(() => _client.AskAsync("MGET", "{moving}here", "{moving}gone"));
        Assert.Equal("TRYAGAIN", fault.Code);
        await ClusterFixture.EndMoveAsync(slot, from, to);
        Assert.Equal("*[$1 $2 $3]", await _client.AskAsync("MGET", "{moving}here", "{moving}gone", "{moving}new"));
    }

    [Fact]
    public async Task WritesWhileASlotMoves_HappenOnce()
    {
        const string Key = "{busy}list";
        var slot = ClusterFixture.SlotOf(Key);
        await using var pushing = new Pushing(_client, Key);
        await pushing.ProgressAsync(100);
        var (from, to) = await EndsAsync(slot);
        for (var i = 0; i < 2; i++)
        {
            await ClusterFixture.BeginMoveAsync(slot, from, to);
            await pushing.ProgressAsync(50);
            await ClusterFixture.MoveKeysAsync(from, to, Key);
            await pushing.ProgressAsync(50);
            await ClusterFixture.EndMoveAsync(slot, from, to);
            await pushing.ProgressAsync(50);
            (from, to) = (to, from); // and back
        }

        Assert.Empty(await pushing.EndAsync());
    }

    [Fact]
    public async Task PlannedFailover_LosesNothing_AndRepeatsNothing()
    {
        const string Key = "{planned}list";
        var slot = ClusterFixture.SlotOf(Key);
        var primary = await cluster.PrimaryOfAsync(slot);
        var replica = await cluster.ReplicaOfAsync(primary);
        await using var pushing = new Pushing(_client, Key);
        await pushing.ProgressAsync(100);
        await FailOverAsync(replica);
        await _user.UpAsync(replica.Port);
        await pushing.ProgressAsync(100);
        await pushing.EndAsync();
        Assert.Equal(replica.Port, _client.ShardOf(slot)!.Server!.Port);
    }

    [Fact]
    public async Task PrimaryThatIsKilled_IsReplaced_AndScriptsGoOn()
    {
        const string Key = "{killed}list";
        var slot = ClusterFixture.SlotOf(Key);
        var primary = await cluster.PrimaryOfAsync(slot);
        var replica = await cluster.ReplicaOfAsync(primary);
        Assert.Equal(":0", await _client.RunAsync(Key));
        await using (var pushing = new Pushing(_client, Key))
        {
            await pushing.ProgressAsync(100);
            await primary.KillAsync();
            await _user.UpAsync(replica.Port);
            await pushing.ProgressAsync(100);
            Assert.NotEmpty(await pushing.EndAsync(mayLose: true));
        }

        Assert.Equal(":1", await _client.RunAsync(Key)); // its replacement has never heard of the script
        Assert.Equal(replica.Port, _client.ShardOf(slot)!.Server!.Port);
        var mark = primary.LogLength;
        await primary.RestartAsync();
        await primary.SaidAsync("sync: Finished with success", mark);
        Assert.Equal(3, _client.Shards.Count);
    }

    [Fact]
    public async Task Script_IsSentWithItsText_OnlyWhereItIsNotKnown()
    {
        var primary = await cluster.PrimaryOfAsync(ClusterFixture.SlotOf("{script}k"));
        Assert.Equal(":0", await _client.RunAsync("{script}k"));
        Assert.Equal(":0", await _client.RunAsync("{script}k"));
        await primary.CliAsync("SCRIPT", "FLUSH");
        await primary.CliAsync("CONFIG", "RESETSTAT");
        Assert.Equal(":0", await _client.RunAsync("{script}k"));
        Assert.Equal(":0", await _client.RunAsync("{script}k"));
        var stats = await primary.CliAsync("INFO", "commandstats");
        Assert.Contains("cmdstat_evalsha:calls=2", stats, StringComparison.Ordinal);
        Assert.Contains("cmdstat_eval:calls=1", stats, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShardedChannel_IsHeard_AndItsEndIsToldWhenTheSlotMoves()
    {
        var channel = new RespChannel("{told}:c"u8.ToArray(), IsSharded: true);
        var slot = ClusterFixture.SlotOf("{told}:c");
        var (from, to) = await EndsAsync(slot);
        var old = _client.ShardOf(slot)!.Ordered!.Current!;
        await old.SubscribeAsync(channel);
        Assert.Equal(">[$ssubscribe ${told}:c :1]", await _user.PushAsync());
        Assert.Equal(":1", await _client.AskAsync("SPUBLISH", "{told}:c", "hi"));
        Assert.Equal(">[$smessage ${told}:c $hi]", await _user.PushAsync());

        await ClusterFixture.BeginMoveAsync(slot, from, to);
        await ClusterFixture.EndMoveAsync(slot, from, to);
        Assert.Equal(">[$sunsubscribe ${told}:c :0]", await _user.PushAsync());
        Assert.Equal("MOVED", (await Assert.ThrowsAsync<RespServerException>(() => old.SubscribeAsync(channel).AsTask())).Code);
        Assert.Equal("MOVED", (await Assert.ThrowsAsync<RespServerException>(() => old.UnsubscribeAsync(channel).AsTask())).Code);

        // SPUBLISH is redirected as any command, and so is who follows.
        Assert.Equal(":0", await _client.AskAsync("SPUBLISH", "{told}:c", "unheard"));
        var current = _client.ShardOf(slot)!.Ordered!.Current!;
        await current.SubscribeAsync(channel);
        Assert.Equal(":1", await _client.AskAsync("SPUBLISH", "{told}:c", "again"));
        await current.UnsubscribeAsync(channel);
        Assert.Null(old.Fault);
    }

    // The server ends the subscription in the moment in which it is asked to: it stands still while both come in.
    [Fact]
    public async Task SlotThatMovesWhileAChannelIsLeft_ShiftsNoReply()
    {
        var channel = new RespChannel("{left}:c"u8.ToArray(), IsSharded: true);
        var slot = ClusterFixture.SlotOf("{left}:c");
        var (from, to) = await EndsAsync(slot);
        var connection = _client.ShardOf(slot)!.Ordered!.Current!;
        await connection.SubscribeAsync(channel);
        await ClusterFixture.BeginMoveAsync(slot, from, to);
        await ClusterFixture.SetSlotAsync(to, slot, "NODE", to);

        var mover = _client.ShardOf(slot)!.Values.Current!;
        var moved = new[]
        {
            ScriptedPeer.TextAsync(mover.SendAsync(new RespCommand("DEBUG", "SLEEP", "0.1"))),
            ScriptedPeer.TextAsync(mover.SendAsync(new RespCommand("CLUSTER", "SETSLOT", $"{slot}", "NODE", await ClusterFixture.IdAsync(to)))),
        };
        var left = connection.UnsubscribeAsync(channel).AsTask();
        var echoes = Enumerable.Range(0, 20).Select(i => ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("ECHO", $"{i}")))).ToArray();
        Assert.Equal(["+OK", "+OK"], await ScriptedPeer.Soon(Task.WhenAll(moved)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"${i}"), await ScriptedPeer.Soon(Task.WhenAll(echoes)), StringComparer.Ordinal);
        await Record.ExceptionAsync(() => ScriptedPeer.Soon(left));
        Assert.Null(connection.Fault);
        Assert.Equal(0, connection.InLine);
    }

    public async ValueTask InitializeAsync() => _client = await cluster.ConnectAsync(_user);

    public async ValueTask DisposeAsync()
    {
        await ScriptedPeer.Soon(_client.DisposeAsync().AsTask());
        _user.AssertAllDown();
    }

    // On a machine that is busy it may not come about in the time that the servers give it.
    private static async Task FailOverAsync(RedisServer replica)
    {
        while (true)
        {
            var mark = replica.LogLength;
            Assert.Equal("OK", await replica.CliAsync("CLUSTER", "FAILOVER"));
            var won = replica.SaidAsync("Failover election won", mark);
            if (await ScriptedPeer.Soon(Task.WhenAny(won, replica.SaidAsync("Manual failover timed out", mark))) == won)
                return;
        }
    }

    private async Task<(RedisServer From, RedisServer To)> EndsAsync(int slot)
    {
        var from = await cluster.PrimaryOfAsync(slot);
        return (from, await cluster.OtherAsync(from));
    }
}
