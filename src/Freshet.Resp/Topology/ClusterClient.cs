using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>
/// A Redis Cluster: a shard for each primary, the map of slots, and what a cluster answers while slots move (Redis Cluster
/// specification, MOVED and ASK).
/// </summary>
/// <remarks>
/// The map is a guess that the servers correct: a redirection is believed at once for its slot, and has the whole map read anew. Only
/// what a server has refused to carry out is sent again, so nothing is carried out twice.
/// </remarks>
internal sealed class ClusterClient : RespClient
{
    private const int MostAttempts = 6;
    private static readonly Backoff Pause = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));

    private readonly ClusterShards _shards;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public ClusterClient(RedisAddress address, IShardUser? user, TimeProvider time)
    {
        _time = time;
        _timeout = address.Connection.CommandTimeout;
        _shards = new ClusterShards(address, user, time);
    }

    public override Exception? Fault => _shards.IsKnown ? null : _shards.Fault;

    public override IReadOnlyCollection<RespShard> Shards => _shards.All;

    public override RespShard? ShardOf(int slot) => _shards.Of(slot);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<RespReply> SendAsync<TCommand>(int slot, TCommand command, CancellationToken cancel = default)
    {
        var started = _time.GetTimestamp();
        var (asked, isAsk) = (ShardOf(slot), false);
        for (var attempt = 1; ; attempt++)
        {
            var connection = asked?.Values.Current;
            try
            {
                if (connection is null)
                    throw NotConnected(asked);
                return isAsk
                    ? await connection.SendAskingAsync(command, cancel).ConfigureAwait(false)
                    : await connection.SendAsync(command, cancel).ConfigureAwait(false);
            }
            catch (RespServerException e) when (IsOfTopology(e.Code))
            {
                if (e.Code is not "ASK") // which is no news: the slot is where it was until all of it has moved
                    _shards.Refresh();
                if (attempt == MostAttempts || _time.GetElapsedTime(started) >= _timeout)
                    throw;
                if (!TryRedirect(e, asked!, out var server))
                {
                    await Task.Delay(Pause.After(attempt), _time, cancel).ConfigureAwait(false);
                    (asked, isAsk) = (ShardOf(slot), false);
                    continue;
                }

                (asked, isAsk) = (server, e.Code is "ASK");
                await WaitForAsync(server, _timeout - _time.GetElapsedTime(started), cancel).ConfigureAwait(false);
            }
            catch (RespServerException e) when (e.Code is "READONLY")
            {
                // Demoted, and nobody has told it its replacement yet.
                _shards.Refresh();
                await RespLink.DropAsync(connection!).ConfigureAwait(false);
                throw;
            }
            catch (RespException e) when (e is RespConnectionException or RespTimeoutException)
            {
                _shards.Refresh();
                throw;
            }
        }
    }

    public override RespShard? Redirect(RespServerException answer, RespShard asked)
    {
        if (answer.Code is not "ASK") // no news, as above
            _shards.Refresh();
        return TryRedirect(answer, asked, out var server) ? server : null;
    }

    public override void LookAgain() => _shards.Refresh();

    public override ValueTask DisposeAsync() => _shards.DisposeAsync();

    // The server has carried out nothing: another one is to be asked, or this one later.
    private static bool IsOfTopology(string code) => code is "MOVED" or "ASK" or "TRYAGAIN" or "CLUSTERDOWN" or "LOADING" or "MASTERDOWN";

    private bool TryRedirect(RespServerException e, RespShard asked, [NotNullWhen(true)] out RespShard? server)
    {
        server = null;
        if (e.Code is not ("MOVED" or "ASK") || ClusterMap.ReadRedirection(e.Message, asked.Server!) is not var (slot, owner))
            return false;
        server = e.Code is "MOVED" ? _shards.Move(slot, owner) : _shards.At(owner);
        return true;
    }

    // One that was not known before has no connection yet.
    private async Task WaitForAsync(RespShard shard, TimeSpan atMost, CancellationToken cancel)
    {
        if (shard.Values.Current is not null || atMost <= TimeSpan.Zero)
            return;
        using var limit = new CancellationTokenSource(atMost, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            await shard.Values.UpAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // What is sent next says that there is no connection.
        }
    }

    private RespConnectionException NotConnected(RespShard? shard)
    {
        var fault = shard is null ? _shards.Fault : shard.Values.Fault;
        return new("No primary of the Redis Cluster can be reached for this key" + (fault is null ? "." : $": {fault.Message}"), mayHaveRun: false, fault);
    }
}
