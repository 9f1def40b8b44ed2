using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Freshet.Resp.Addresses;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>
/// The primaries of a cluster and who holds which slot, read anew now and then, and whenever something shows that it has changed. Safe
/// for concurrent use.
/// </summary>
/// <remarks>Map and shards are one immutable snapshot, so a command sees one version of both.</remarks>
internal sealed class ClusterShards : IAsyncDisposable
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefreshAtMost = TimeSpan.FromMilliseconds(250);

    // Who imports its first slot is in no map yet, and is named again and again until the slot has moved.
    private static readonly TimeSpan KeepNamed = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<bool> _wanted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<Task> _leaving = []; // guarded by _gate
    private readonly Dictionary<DnsEndPoint, long> _named = []; // who imports, and when that was last said; guarded by _gate
    private readonly RedisAddress _address;
    private readonly ServerFinder _finder;
    private readonly IShardUser? _user;
    private readonly TimeProvider _time;
    private readonly Task _refreshing;
    private volatile Snapshot _snapshot = new(null, ImmutableDictionary<DnsEndPoint, RespShard>.Empty);
    private volatile Exception? _fault;
    private long _epoch; // only for the refreshing

    public ClusterShards(RedisAddress address, IShardUser? user, TimeProvider time)
    {
        _address = address;
        _finder = new ServerFinder(address, time);
        _user = user;
        _time = time;
        _refreshing = RefreshAsync(_closing.Token);
    }

    /// <summary>The primaries known now.</summary>
    public IReadOnlyCollection<RespShard> All => [.. _snapshot.Shards.Values];

    /// <summary>Why the map could not be read when that was last tried; null when it could, or was not tried yet.</summary>
    public Exception? Fault => _fault;

    /// <summary>Whether a map has been read.</summary>
    public bool IsKnown => _snapshot.Map is not null;

    /// <summary>Who holds the slot; null when nobody is known to.</summary>
    public RespShard? Of(int slot) => _snapshot.Of(slot);

    /// <summary>Has the map read anew soon.</summary>
    public void Refresh() => _wanted.Writer.TryWrite(true);

    /// <summary>A server has said who holds the slot.</summary>
    public RespShard Move(int slot, DnsEndPoint owner)
    {
        lock (_gate)
        {
            var shard = At_NeedsLock(owner);
            if (_snapshot.Map is { } map)
                _snapshot = _snapshot with { Map = map.With(slot, owner) };
            return shard;
        }
    }

    /// <summary>The shard of that server, which a redirection has named as the one that imports a slot: it is kept for a while.</summary>
    public RespShard At(DnsEndPoint server)
    {
        lock (_gate)
        {
            _named[server] = _time.GetTimestamp();
            return At_NeedsLock(server);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _refreshing.ConfigureAwait(false);
        Task[] leaving;
        lock (_gate)
            leaving = [.. _leaving, .. _snapshot.Shards.Values.Select(s => s.DisposeAsync().AsTask())];
        await Task.WhenAll(leaving).ConfigureAwait(false);
    }

    private RespShard At_NeedsLock(DnsEndPoint server)
    {
        if (_snapshot.Shards.TryGetValue(server, out var known))
            return known;
        var shard = NewShard(server);
        if (_closing.IsCancellationRequested)
            _leaving.Add(shard.DisposeAsync().AsTask()); // it never connects
        else
            _snapshot = _snapshot with { Shards = _snapshot.Shards.Add(server, shard) };
        return shard;
    }

    private RespShard NewShard(DnsEndPoint server) => new(server, (pushes, cancel) => ConnectAsync(server, pushes, cancel), _user, _time);

    private async Task<RespConnection> ConnectAsync(DnsEndPoint server, IPushSink? pushes, CancellationToken cancel)
    {
        lock (_gate)
        {
            // Once somebody is told that the shard is up, it must be found: whoever has made it has shown it to all by now.
        }

        try
        {
            return await _finder.ConnectToAsync(server, pushes, cancel).ConfigureAwait(false);
        }
        catch
        {
            Refresh(); // another one may have taken its place
            throw;
        }
    }

    private async Task RefreshAsync(CancellationToken closing)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!closing.IsCancellationRequested)
        {
            var isKnown = await ReadMapAsync(closing).ConfigureAwait(false);
            try
            {
                await Task.Delay(RefreshAtMost, _time, closing).ConfigureAwait(false);
                // A slot that nobody holds may be about to get somebody.
                using var due = new CancellationTokenSource(isKnown && _snapshot.Map is { IsWhole: true } ? RefreshEvery : RefreshAtMost, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, closing);
                await _wanted.Reader.ReadAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Due, or closing.
            }
        }
    }

    // Asks the primaries that can be reached, then the servers that the address names, until one knows as much as was known before. When
    // none does, whoever knows most is believed: the cluster may be a new one.
    private async Task<bool> ReadMapAsync(CancellationToken closing)
    {
        Reading? best = null;
        foreach (var (server, shard) in _snapshot.Shards)
        {
            if (shard.Values.Current is { } connection && await TryReadAsync(connection, server, closing).ConfigureAwait(false) is { } reading
                && IsEnough(reading, ref best))
            {
                return true;
            }
        }

        foreach (var server in _address.Servers)
        {
            try
            {
                await using var connection = await RespConnection.ConnectAsync(server, _address.Connection, null, _time, closing).ConfigureAwait(false);
                if (await TryReadAsync(connection, server, closing).ConfigureAwait(false) is { } reading && IsEnough(reading, ref best))
                    return true;
            }
            catch (Exception e) when (e is RespException or OperationCanceledException)
            {
                _fault = e; // the next one may know
            }
        }

        if (best is null)
            return false;
        Adopt(best);
        return true;
    }

    private bool IsEnough(Reading reading, ref Reading? best)
    {
        if (best is null || reading.Epoch > best.Epoch)
            best = reading;
        if (reading.Epoch < _epoch)
            return false;
        Adopt(reading);
        return true;
    }

    private async Task<Reading?> TryReadAsync(RespConnection connection, DnsEndPoint server, CancellationToken closing)
    {
        try
        {
            using var info = await connection.SendAsync(new RespCommand("CLUSTER", "INFO"), closing).ConfigureAwait(false);
            var state = ClusterState.Read(BytesOf(info));
            using var slots = await connection.SendAsync(new RespCommand("CLUSTER", "SLOTS"), closing).ConfigureAwait(false);
            var map = ClusterMap.Read(slots.Reader, server);
            // One that is cut off still believes in the primaries of before, itself maybe among them.
            if (state.Serves && map.Primaries.Length > 0)
                return new Reading(map, state.Epoch);
            _fault = new RespConnectionException($"{server.Host}:{server.Port} sees no cluster that serves.", mayHaveRun: false);
        }
        catch (Exception e) when (e is RespException or RespProtocolException or OperationCanceledException)
        {
            _fault = e;
        }

        return null;
    }

    private static ReadOnlySpan<byte> BytesOf(RespReply reply)
    {
        var reader = reply.Reader;
        return reader.ReadBytes();
    }

    private void Adopt(Reading reading)
    {
        (_epoch, _fault) = (reading.Epoch, null);
        lock (_gate)
        {
            foreach (var (server, namedAt) in _named)
            {
                if (_time.GetElapsedTime(namedAt) >= KeepNamed)
                    _named.Remove(server);
            }

            var kept = _snapshot.Shards.Keys.Where(_named.ContainsKey);
            var shards = reading.Map.Primaries.Union(kept).ToImmutableDictionary(p => p, p => _snapshot.Shards.GetValueOrDefault(p) ?? NewShard(p));
            _leaving.RemoveAll(left => left.IsCompleted);
            _leaving.AddRange(_snapshot.Shards.Where(s => !shards.ContainsKey(s.Key)).Select(s => LeaveAsync(s.Value)));
            _snapshot = new Snapshot(reading.Map, shards);
        }
    }

    // It may owe somebody a reply.
    private async Task LeaveAsync(RespShard shard)
    {
        try
        {
            await Task.Delay(_address.Connection.CommandTimeout, _time, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Closing: nobody waits any more.
        }

        await shard.DisposeAsync().ConfigureAwait(false);
    }

    private sealed record Reading(ClusterMap Map, long Epoch);

    private sealed record Snapshot(ClusterMap? Map, ImmutableDictionary<DnsEndPoint, RespShard> Shards)
    {
        public RespShard? Of(int slot) => Map?.PrimaryOf(slot) is { } primary ? Shards.GetValueOrDefault(primary) : null;
    }
}
