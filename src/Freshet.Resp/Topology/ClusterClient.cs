using System.Collections.Immutable;
using System.Net;
using Freshet.Resp.Addresses;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>
/// A Redis Cluster: a shard for each primary, the map of slots, and what a cluster answers while slots move (Redis Cluster
/// specification, MOVED and ASK).
/// </summary>
/// <remarks>
/// The map is a guess that the servers correct: a redirection is believed at once for its slot, and has the whole map read anew. Map
/// and shards are one immutable snapshot, so a command sees one version of both.
/// </remarks>
internal sealed class ClusterClient : RespClient
{
    private const int MostRedirections = 6;
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefreshAtMost = TimeSpan.FromMilliseconds(250);
    private static readonly Backoff Pause = new(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200));

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private readonly RedisAddress _address;
    private readonly ServerFinder _finder;
    private readonly IShardUser? _user;
    private readonly TimeProvider _time;
    private readonly Task _refreshing;
    private volatile Exception? _fault;
    private volatile Snapshot _snapshot = new(null, ImmutableDictionary<DnsEndPoint, RespShard>.Empty);

    public ClusterClient(RedisAddress address, IShardUser? user, TimeProvider time)
    {
        _address = address;
        _finder = new ServerFinder(address, time);
        _user = user;
        _time = time;
        _refreshing = RefreshAsync(_closing.Token);
    }

    public override Exception? Fault => _snapshot.Map is null ? _fault : null;

    public override IReadOnlyCollection<RespShard> Shards => [.. _snapshot.Shards.Values];

    public override RespShard? ShardOf(int slot) => _snapshot.ShardOf(slot);

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
                    throw new RespConnectionException("No primary of the Redis Cluster can be reached for this key.", mayHaveRun: false, asked?.Values.Fault);
                return isAsk
                    ? await connection.SendAskingAsync(command, cancel).ConfigureAwait(false)
                    : await connection.SendAsync(command, cancel).ConfigureAwait(false);
            }
            catch (RespServerException e) when (attempt < MostRedirections && _time.GetElapsedTime(started) < _address.Connection.CommandTimeout)
            {
                isAsk = false;
                switch (e.Code)
                {
                    case "MOVED" when ClusterMap.ReadRedirection(e.Message, ServerOf(asked!)) is var (moved, owner):
                        asked = Move(moved, owner);
                        break;
                    case "ASK" when ClusterMap.ReadRedirection(e.Message, ServerOf(asked!)) is var (_, importer):
                        (asked, isAsk) = (ShardAt(importer), true);
                        await asked.Values.UpAsync(cancel).WaitAsync(_address.Connection.CommandTimeout, _time, cancel).ConfigureAwait(false);
                        break;
                    case "TRYAGAIN" or "CLUSTERDOWN" or "LOADING" or "MASTERDOWN":
                        Refresh();
                        await Task.Delay(Pause.After(attempt), _time, cancel).ConfigureAwait(false);
                        asked = ShardOf(slot);
                        break;
                    case "READONLY":
                        // Demoted, and nobody has told it its replacement yet.
                        await RespLink.DropAsync(connection!).ConfigureAwait(false);
                        Refresh();
                        throw;
                    default:
                        throw;
                }
            }
            catch (RespConnectionException)
            {
                Refresh();
                throw;
            }
        }
    }

    public override RespShard? Redirect(RespServerException answer, RespShard asked)
    {
        if (answer.Code is not ("MOVED" or "ASK"))
        {
            Refresh();
            return null;
        }

        // A shard that has left the map meanwhile has no name that an empty one could stand for.
        if (_snapshot.Shards.FirstOrDefault(s => s.Value == asked).Key is not { } server
            || ClusterMap.ReadRedirection(answer.Message, server) is not var (slot, named))
        {
            return null;
        }

        return answer.Code is "MOVED" ? Move(slot, named) : ShardAt(named);
    }

    public override void LookAgain() => Refresh();

    public override async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _refreshing.ConfigureAwait(false);
        foreach (var shard in Shards)
            await shard.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
        _wanted.Dispose();
    }

    // Each slot has a primary, and each primary can be reached; else somebody may be about to take over.
    private bool IsSettled => _snapshot is { Map.IsWhole: true } snapshot
        && snapshot.Shards.Values.All(s => s.Values.Current is not null && (s.Ordered is not { } ordered || ordered.Current is not null));

    private DnsEndPoint ServerOf(RespShard shard) => _snapshot.Shards.First(s => s.Value == shard).Key;

    private RespShard Move(int slot, DnsEndPoint owner)
    {
        var shard = ShardAt(owner);
        lock (_gate)
        {
            if (_snapshot.Map is { } map)
                _snapshot = _snapshot with { Map = map.With(slot, owner) };
        }

        Refresh();
        return shard;
    }

    private RespShard ShardAt(DnsEndPoint server)
    {
        lock (_gate)
        {
            if (_snapshot.Shards.TryGetValue(server, out var known))
                return known;
            var shard = NewShard(server);
            _snapshot = _snapshot with { Shards = _snapshot.Shards.Add(server, shard) };
            return shard;
        }
    }

    private RespShard NewShard(DnsEndPoint server) => new((pushes, cancel) => _finder.ConnectToAsync(server, pushes, cancel), _user, _time);

    /// <summary>Has the map read anew soon.</summary>
    private void Refresh()
    {
        if (_wanted.CurrentCount > 0)
            return;
        try
        {
            _wanted.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has asked in the same moment.
        }
    }

    private async Task RefreshAsync(CancellationToken closing)
    {
        while (!closing.IsCancellationRequested)
        {
            var isKnown = await ReadMapAsync(closing).ConfigureAwait(false);
            try
            {
                await Task.Delay(RefreshAtMost, _time, closing).ConfigureAwait(false);
                using var due = new CancellationTokenSource(isKnown && IsSettled ? RefreshEvery : RefreshAtMost, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, closing);
                await _wanted.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Due, or closing.
            }
        }
    }

    // Asks the primaries that can be reached, then the servers that the address names.
    private async Task<bool> ReadMapAsync(CancellationToken closing)
    {
        foreach (var (server, shard) in _snapshot.Shards)
        {
            if (shard.Values.Current is { } connection && await TryReadAsync(connection, server, closing).ConfigureAwait(false))
                return true;
        }

        foreach (var server in _address.Servers)
        {
            try
            {
                await using var connection = await RespConnection.ConnectAsync(server, _address.Connection, null, _time, closing).ConfigureAwait(false);
                if (await TryReadAsync(connection, server, closing).ConfigureAwait(false))
                    return true;
            }
            catch (Exception e) when (e is RespException or OperationCanceledException)
            {
                _fault = e; // the next one may know
            }
        }

        return false;
    }

    private async Task<bool> TryReadAsync(RespConnection connection, DnsEndPoint server, CancellationToken closing)
    {
        try
        {
            using var reply = await connection.SendAsync(new RespCommand("CLUSTER", "SLOTS"), closing).ConfigureAwait(false);
            var map = ClusterMap.Read(reply.Reader, server);
            // One that knows of no primary at all has lost its cluster.
            if (map.Primaries.Length == 0)
                return false;
            Adopt(map);
            return true;
        }
        catch (Exception e) when (e is RespException or RespProtocolException or OperationCanceledException)
        {
            _fault = e;
            return false;
        }
    }

    private void Adopt(ClusterMap map)
    {
        List<RespShard> left;
        lock (_gate)
        {
            var shards = map.Primaries.ToImmutableDictionary(p => p, p => _snapshot.Shards.GetValueOrDefault(p) ?? NewShard(p));
            left = [.. _snapshot.Shards.Where(s => !shards.ContainsKey(s.Key)).Select(s => s.Value)];
            _snapshot = new Snapshot(map, shards);
        }

        foreach (var shard in left)
            _ = shard.DisposeAsync().AsTask();
    }

    private sealed record Snapshot(ClusterMap? Map, ImmutableDictionary<DnsEndPoint, RespShard> Shards)
    {
        public RespShard? ShardOf(int slot) => Map?.PrimaryOf(slot) is { } primary ? Shards.GetValueOrDefault(primary) : null;
    }
}
