using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>One primary, named or found by sentinels; which server that is may change.</summary>
internal sealed class SingleClient : RespClient
{
    private readonly RespShard _shard;

    public SingleClient(RedisAddress address, IShardUser? user, TimeProvider time)
    {
        _shard = new RespShard(null, new ServerFinder(address, time).ConnectAsync, user, time);
        Shards = [_shard];
    }

    public override IReadOnlyCollection<RespShard> Shards { get; }

    public override RespShard ShardOf(int slot) => _shard;

    public override ValueTask<RespReply> SendAsync<TCommand>(int slot, TCommand command, CancellationToken cancel = default) =>
        _shard.Values.Current is { } connection ? AwaitAsync(connection, connection.SendAsync(command, cancel)) : _shard.Values.SendAsync(command, cancel);

    public override ValueTask DisposeAsync() => _shard.DisposeAsync();

    private static ValueTask<RespReply> AwaitAsync(Connections.RespConnection connection, ValueTask<RespReply> reply)
    {
        return reply.IsCompletedSuccessfully ? reply : Slow(connection, reply);

        [System.Runtime.CompilerServices.AsyncMethodBuilder(typeof(System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder<>))]
        static async ValueTask<RespReply> Slow(Connections.RespConnection connection, ValueTask<RespReply> reply)
        {
            try
            {
                return await reply.ConfigureAwait(false);
            }
            catch (RespServerException e) when (e.Code is "READONLY")
            {
                // It leads no more, without having ended its connections: whoever leads now is found by connecting anew.
                await RespLink.DropAsync(connection).ConfigureAwait(false);
                throw;
            }
        }
    }
}
