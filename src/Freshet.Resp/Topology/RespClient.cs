using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Scripts;

namespace Freshet.Resp.Topology;

/// <summary>Redis as a whole: commands find the primary that holds their slot. Safe for concurrent use.</summary>
internal abstract class RespClient : IAsyncDisposable
{
    /// <summary>The primaries known now; of a single server one, whichever it is.</summary>
    public abstract IReadOnlyCollection<RespShard> Shards { get; }

    /// <summary>Why nobody knows which primaries there are; null when it is known.</summary>
    public virtual Exception? Fault => null;

    /// <param name="address">Where Redis is.</param>
    /// <param name="user">Who lives on the ordered connections; null: there are none.</param>
    /// <param name="time">The clock.</param>
    public static RespClient Create(RedisAddress address, IShardUser? user, TimeProvider time) => address.Topology is RedisTopology.Cluster
        ? new ClusterClient(address, user, time)
        : new SingleClient(address, user, time);

    /// <summary>Who holds the slot; null when nobody is known to.</summary>
    public abstract RespShard? ShardOf(int slot);

    /// <summary>Sends a command to the primary that holds the slot.</summary>
    /// <param name="slot">The slot of all its keys; without meaning where there is no cluster.</param>
    /// <param name="command">The command.</param>
    /// <param name="cancel">The sender leaves; the command may be carried out.</param>
    /// <returns>The reply, to be disposed.</returns>
    /// <exception cref="RespException">It was not carried out, or nobody knows.</exception>
    public abstract ValueTask<RespReply> SendAsync<TCommand>(int slot, TCommand command, CancellationToken cancel = default)
        where TCommand : struct, IRespCommand;

    /// <summary>Runs a script on the primary that holds the slot, sending its text if the server does not know it.</summary>
    /// <inheritdoc cref="SendAsync"/>
    public async ValueTask<RespReply> RunAsync<TCall>(int slot, TCall call, CancellationToken cancel = default)
        where TCall : struct, IRespScriptCall
    {
        try
        {
            return await SendAsync(slot, new RunScript<TCall>(call), cancel).ConfigureAwait(false);
        }
        catch (RespServerException e) when (e.Code is "NOSCRIPT")
        {
            return await SendAsync(slot, new RunScript<TCall>(call, withText: true), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Believes what a shard answered to a command that was sent past this client, as if it had been sent through it.</summary>
    /// <returns>Who is to be asked instead (MOVED, ASK); null when nobody was named.</returns>
    public virtual RespShard? Redirect(RespServerException answer, RespShard asked) => null;

    /// <summary>Something has changed: who holds what is to be found out anew, soon.</summary>
    public virtual void LookAgain()
    {
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
