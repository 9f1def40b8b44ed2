using System.Collections.Concurrent;
using System.Text;
using Freshet.Coherence;
using Freshet.Memory;
using Freshet.Redis.Keys;
using Freshet.Redis.Scripts;
using Freshet.Resp;
using Freshet.Resp.Addresses;
using Freshet.Resp.Topology;
using Freshet.Storage;

namespace Freshet.Redis.Logs;

/// <summary>
/// The tenants' logs in Redis, shared by all nodes: appends to them, follows those that this node uses, and proves contact.
/// Safe for concurrent use.
/// </summary>
internal sealed class RedisLogs : IInvalidationStore, IAsyncDisposable, IDisposable
{
    private const int MaxTags = 10_000;

    private readonly ConcurrentDictionary<Tenant, FollowedLog> _logs = new();
    private readonly ConcurrentDictionary<string, FollowedLog> _byName = new(StringComparer.Ordinal);
    private readonly PhysicalKeys _keys;
    private readonly TagClocks _clocks;
    private readonly TimeProvider _time;
    private readonly RespClient _client;
    private readonly LogLink _link;
    private readonly long _maxStaleness;
    private readonly int _capacity;
    private readonly FollowedLog _public;
    private Action<Tenant>? _moved;
    private long _lookedAt = long.MinValue;
    private volatile bool _wereInContact;

    public RedisLogs(RedisAddress address, PhysicalKeys keys, TagClocks clocks, TimeSpan maxStaleness, int capacity, TimeProvider time)
    {
        _keys = keys;
        _clocks = clocks;
        _time = time;
        _capacity = capacity;
        _maxStaleness = (long)(maxStaleness.TotalSeconds * time.TimestampFrequency);
        _link = new LogLink(this, keys, maxStaleness, time);
        _client = RespClient.Create(address, _link, time);
        // Whatever anybody makes may hang on what is public.
        _public = LogOf(Tenant.Public);
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <summary>All logs that this node follows.</summary>
    public IEnumerable<FollowedLog> Followed => _logs.Values;

    /// <inheritdoc/>
    public void OnMoved(Action<Tenant> takeNote) => _moved += takeNote;

    /// <inheritdoc/>
    public async ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        var log = LogOf(tenant);
        // So many rows are nearly all there are, and a record is told to every node.
        if (tags.Count > MaxTags)
            tags = [Tag.Root];
        try
        {
            var at = await AppendAsync(log, tags, change).ConfigureAwait(false);
            _link.Do(log, log.OnAppended(at, tags, change)); // C9
            return at;
        }
        catch (Exception)
        {
            // C8, C14: whatever went wrong, the change is committed. Whether it was logged or not, the tags are
            // invalid here, and contact waits until they are logged for certain.
            log.OnNotLogged(tags);
            _link.Hurry();
            return null;
        }
    }

    /// <inheritdoc/>
    public LogReading ReadAfter(Tenant tenant, Position position) => LogOf(tenant).ReadAfter(position);

    /// <inheritdoc/>
    public Position Applied(Tenant tenant) => LogOf(tenant).Applied;

    /// <inheritdoc/>
    public bool Covers(Tenant tenant, Position position) => LogOf(tenant).Covers(position);

    /// <inheritdoc/>
    public bool IsInContact(long now)
    {
        // Each request asks, so the logs are looked through now and then only.
        var lookedAt = Volatile.Read(ref _lookedAt);
        if (lookedAt == long.MinValue || now - lookedAt >= _maxStaleness / 16)
        {
            Volatile.Write(ref _lookedAt, now);
            _wereInContact = _logs.All(l => l.Value.InContact(now));
        }

        return _wereInContact && _public.InContact(now);
    }

    /// <inheritdoc/>
    public bool InContact(Tenant tenant, long now) => LogOf(tenant).InContact(now);

    /// <inheritdoc/>
    public bool InContact(CacheEntry entry, long now)
    {
        foreach (var log in entry.Logs ??= LogsOf(entry))
        {
            if (!((FollowedLog)log).InContact(now))
                return false;
        }

        return true;
    }

    /// <summary>Logs what waits (C14).</summary>
    public async Task LogPendingAsync(FollowedLog log)
    {
        while (log.TryTakePending(out var tags))
        {
            Position? at = null;
            try
            {
                at = await AppendAsync(log, tags, default).ConfigureAwait(false);
            }
            catch (RespException)
            {
                // It goes on waiting; the next beat tries again.
            }
            finally
            {
                _link.Do(log, log.OnPendingLogged(at));
            }

            if (at is null)
                return;
        }
    }

    public FollowedLog? Find(string name) => _byName.GetValueOrDefault(name);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _link.Dispose();
        await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connections, without waiting until they have ended.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    private async ValueTask<Position> AppendAsync(FollowedLog log, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        var call = new AppendCall(
            log.Key, LogText.OfEpoch(Epoch.Random()), _keys.Channel, Encoding.ASCII.GetBytes(log.Name), RecordFormat.Write(tags, change), StoreClocks.Of(tags));
        using var reply = await _client.RunAsync(log.Slot, call).ConfigureAwait(false);
        return LogText.ReadPosition(reply.Reader);
    }

    private FollowedLog LogOf(Tenant tenant)
    {
        if (_logs.TryGetValue(tenant, out var known))
            return known;
        if (!tenant.IsValid)
            throw new ArgumentException("No tenant is set.", nameof(tenant));
        var log = _logs.GetOrAdd(tenant, static (t, logs) => new FollowedLog(
            t, logs._keys, logs._clocks, logs._maxStaleness, logs._capacity, moved => logs._moved?.Invoke(moved)), this);
        if (_byName.TryAdd(log.Name, log))
            _link.Follow(log);
        return log;
    }

    private object[] LogsOf(CacheEntry entry) =>
        [.. entry.Dependencies.Select(d => d.Tenant).Append(entry.Tenant).Distinct().Select(LogOf)];
}
