using System.Collections.Concurrent;
using System.Threading.Channels;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>Lives on the ordered connections, and notes what it is told of them.</summary>
internal sealed class ShardNotes : IShardUser
{
    private readonly Channel<(RespShard Shard, RespConnection? Ordered)> _told = Channel.CreateUnbounded<(RespShard, RespConnection?)>();
    private readonly ConcurrentDictionary<RespShard, RespConnection> _up = new();
    private readonly Channel<string> _pushes = Channel.CreateUnbounded<string>();

    /// <summary>Waits until a shard of that port, or any, has come up that was not waited for yet, on both of its connections.</summary>
    public async Task<RespShard> UpAsync(int? port = null)
    {
        while (true)
        {
            var (shard, ordered) = await ScriptedPeer.Soon(_told.Reader.ReadAsync().AsTask());
            if (ordered is null || (port is not null && shard.Server?.Port != port))
                continue;
            await ScriptedPeer.Soon(shard.Values.UpAsync(default));
            return shard;
        }
    }

    /// <summary>Waits until the ordered connection of that shard has ended; passes over what was told before.</summary>
    public async Task DownAsync(RespShard shard)
    {
        while (await ScriptedPeer.Soon(_told.Reader.ReadAsync().AsTask()) is var (told, ordered) && (told != shard || ordered is not null))
        {
        }
    }

    public async Task<string> PushAsync() => await ScriptedPeer.Soon(_pushes.Reader.ReadAsync().AsTask());

    public void OnUp(RespShard shard, RespConnection ordered)
    {
        Assert.True(_up.TryAdd(shard, ordered), "A shard came up twice.");
        _told.Writer.TryWrite((shard, ordered));
    }

    public void OnDown(RespShard shard, Exception why)
    {
        Assert.True(_up.TryRemove(shard, out _), "A shard went down that was not up.");
        _told.Writer.TryWrite((shard, null));
    }

    public void OnPush(RespShard shard, RespReader push)
    {
        Assert.True(_up.ContainsKey(shard), "A push came from a shard that was not up.");
        _pushes.Writer.TryWrite(ScriptedPeer.Text(push));
    }

    /// <summary>Whoever came up has gone down, once the client is closed.</summary>
    public void AssertAllDown() => Assert.Empty(_up);
}
