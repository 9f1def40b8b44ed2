using System.Net;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>
/// Who lives on the ordered connections: one for each primary. Told of each, one thing at a time; what it does must be quick.
/// </summary>
internal interface IShardUser
{
    /// <summary>The shard can be reached; nothing has been sent on the connection.</summary>
    void OnUp(RespShard shard, RespConnection ordered);

    /// <summary>The ordered connection has ended.</summary>
    void OnDown(RespShard shard, Exception why);

    /// <summary>A push on the ordered connection.</summary>
    void OnPush(RespShard shard, RespReader push);
}

/// <summary>
/// One primary and the connections to it: an ordered one, on which pushes and replies prove something together, and another one for
/// values, so that a large value never delays a probe.
/// </summary>
internal sealed class RespShard : ILinkUser, IAsyncDisposable
{
    private readonly IShardUser? _user;

    /// <param name="server">Which server it is; null where that may change.</param>
    /// <param name="connect">Finds the primary and connects to it.</param>
    /// <param name="user">Who lives on the ordered connection; null: there is none.</param>
    /// <param name="time">The clock.</param>
    public RespShard(DnsEndPoint? server, Func<IPushSink?, CancellationToken, Task<RespConnection>> connect, IShardUser? user, TimeProvider time)
    {
        _user = user;
        Server = server;
        Values = new RespLink(cancel => connect(null, cancel), null, Backoff.Default, time);
        Ordered = user is null ? null : new RespLink(cancel => connect(this, cancel), this, Backoff.Default, time);
    }

    public DnsEndPoint? Server { get; }

    public RespLink Values { get; }

    public RespLink? Ordered { get; }

    /// <inheritdoc/>
    public void OnUp(RespConnection connection) => _user!.OnUp(this, connection);

    /// <inheritdoc/>
    public void OnDown(Exception why) => _user!.OnDown(this, why);

    /// <inheritdoc/>
    public void OnPush(RespReader push) => _user!.OnPush(this, push);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Values.DisposeAsync().ConfigureAwait(false);
        if (Ordered is { } ordered)
            await ordered.DisposeAsync().ConfigureAwait(false);
    }
}
