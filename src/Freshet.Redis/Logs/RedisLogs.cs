using System.Collections.Concurrent;
using System.Text;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Memory;
using Freshet.Redis.Agreements;
using Freshet.Redis.Keys;
using Freshet.Resp;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Topology;
using Freshet.Storage;
using Microsoft.Extensions.Logging;

namespace Freshet.Redis.Logs;

/// <summary>
/// The tenants' logs in Redis, shared by all nodes: appends to them, follows those that this node uses, and proves contact.
/// Safe for concurrent use.
/// </summary>
internal sealed class RedisLogs : IInvalidationStore, IAsyncDisposable, IDisposable
{
    /// <summary>Most logs that are followed; beyond it those that nobody has asked for longest are dropped.</summary>
    public const int MostFollowed = 16_384;

    private static readonly TimeSpan LongestFirstContact = TimeSpan.FromMilliseconds(100);

    /// <summary>A log that nobody has asked for so long is not followed any more; and for so long a record is remembered at least.</summary>
    public static readonly TimeSpan Unused = TimeSpan.FromMinutes(10);

    /// <summary>For how long Redis keeps a log that no node follows or appends to, unless told otherwise.</summary>
    public static readonly TimeSpan LogLifetime = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<Tenant, FollowedLog> _logs = new();
    private readonly ConcurrentDictionary<string, FollowedLog> _byName = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FollowedLog>.AlternateLookup<ReadOnlySpan<char>> _byNameSpan;

    // C13: in which epoch this node last appended to a log that it does not follow any more. Some hundred bytes for each tenant that
    // this node has ever written for and does not use now; only so is told of what a failover may have lost.
    private readonly ConcurrentDictionary<Tenant, Epoch> _appendedIn = new();
    private readonly PhysicalKeys _keys;
    private readonly TagClocks _clocks;
    private readonly FollowSettings _settings;
    private readonly LinkReport _report;
    private readonly int _mostFollowed;
    private readonly TimeSpan _firstContact;
    private readonly RespClient _client;
    private readonly LogLink _link;
    private readonly FollowedLog _public;
    private Action<Tenant>? _moved;
    private long _lookedAt;
    private long _agedAt;
    private long _judgedAt = long.MinValue;
    private volatile bool _wereInContact;

    public RedisLogs(
        RedisAddress address, PhysicalKeys keys, TagClocks clocks, NodeTerms terms, int capacity, TimeProvider time, CacheMetrics metrics, ILogger log,
        int mostFollowed = MostFollowed, TimeSpan? logLifetime = null)
    {
        var maxStaleness = terms.MaxStaleness;
        var isCluster = address.Topology is RedisTopology.Cluster;
        _mostFollowed = mostFollowed;
        _firstContact = maxStaleness / 4 < LongestFirstContact ? maxStaleness / 4 : LongestFirstContact;
        _keys = keys;
        _clocks = clocks;
        Agreements = new NodeAgreements(terms, isCluster, address.Connection.Database, time);
        _settings = new FollowSettings((long)(maxStaleness.TotalSeconds * time.TimestampFrequency), capacity, logLifetime ?? LogLifetime, time, Agreements);
        _byNameSpan = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        _lookedAt = _agedAt = time.GetTimestamp();
        _report = new LinkReport(log, metrics);
        _link = new LogLink(this, _report, maxStaleness, _settings.LogLifetime, isCluster, time);
        _client = RespClient.Create(address, _link, time);
        _link.Begin(_client);
        metrics.ObserveLogs(() => _logs.Count, () => _logs.Values.Sum(l => l.Pending));
        // Whatever anybody makes may hang on what is public.
        _public = LogOf(Tenant.Public);
        PublicKeys = new PublicMarks(_public, _link, time);
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public IEntryStore? Entries { get; set; }

    /// <inheritdoc/>
    public IPublicKeyStore PublicKeys { get; }

    /// <inheritdoc/>
    public string? Disagreement => Agreements.Disagreement is { } found ? $"{found.Setting}: {found.Fix}" : null;

    /// <summary>Whether this node agrees with the others.</summary>
    public NodeAgreements Agreements { get; }

    /// <summary>Redis as a whole, for what is no log.</summary>
    public RespClient Client => _client;

    /// <summary>All logs that this node follows. Only those whose messages find them: before, they must not be placed (C7).</summary>
    public IEnumerable<FollowedLog> Followed => _byName.Select(l => l.Value);

    /// <inheritdoc/>
    public void OnMoved(Action<Tenant> takeNote) => _moved += takeNote;

    /// <inheritdoc/>
    public async ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        var log = LogOf(tenant);
        while (!log.TryBeginWriting())
            log = LogOf(tenant);
        try
        {
            return await AppendAsync(log, tags, change).ConfigureAwait(false);
        }
        finally
        {
            log.EndWriting();
        }
    }

    /// <inheritdoc/>
    public LogReading ReadAfter(Tenant tenant, Position position) => Use(tenant).ReadAfter(position);

    /// <inheritdoc/>
    public Position Applied(Tenant tenant) => Use(tenant).Applied;

    /// <inheritdoc/>
    public bool Covers(Tenant tenant, Position position) => Use(tenant).Covers(position);

    /// <inheritdoc/>
    public bool IsInContact(long now)
    {
        // Each request asks, so the logs are looked through now and then only.
        var judgedAt = Volatile.Read(ref _judgedAt);
        if (judgedAt == long.MinValue || now - judgedAt >= _settings.MaxStaleness / 16)
        {
            Volatile.Write(ref _judgedAt, now);
            _wereInContact = _logs.All(l => l.Value.IsFoundInContact(now));
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

    /// <inheritdoc/>
    public ValueTask ReadyAsync(Tenant tenant)
    {
        var log = Use(tenant);
        return log.InContact(_settings.Time.GetTimestamp()) || _settings.Time.GetElapsedTime(log.FollowedSince) >= _firstContact ? default : AwaitContactAsync(log);
    }

    /// <summary>The tenant's log, which is followed from now on.</summary>
    public FollowedLog LogOf(Tenant tenant)
    {
        while (true)
        {
            if (!_logs.TryGetValue(tenant, out var log))
            {
                if (!tenant.IsValid)
                    throw new ArgumentException("No tenant is set.", nameof(tenant));
                log = _logs.GetOrAdd(tenant, Make);
                // Somebody may be slow here, and the log be another one by now.
                _byName.AddOrUpdate(log.Name, static (_, added) => added, static (_, there, added) => there.IsDropped ? added : there, log);
                _link.Place(log);
                // More than are to be followed: the next tick drops some.
                if (_logs.Count > _mostFollowed)
                    _link.Hurry();
            }

            if (!log.IsDropped)
                return log;
            Forget(log);
        }
    }

    /// <summary>Logs what waits (C14).</summary>
    public void LogAllPending()
    {
        var isWaiting = false;
        foreach (var log in Followed)
        {
            if (log.Pending == 0)
                continue;
            isWaiting = true;
            _ = LogPendingAsync(log);
        }

        if (!isWaiting && _report.HasWaited)
            _report.LoggedAgain();
    }

    /// <summary>The log of a channel; null when it is not followed.</summary>
    public FollowedLog? Find(ReadOnlySpan<byte> channel)
    {
        var name = PhysicalKeys.NameIn(channel);
        Span<char> text = stackalloc char[name.Length];
        return Encoding.ASCII.TryGetChars(name, text, out _) && _byNameSpan.TryGetValue(text, out var log) && channel.SequenceEqual(log.Channel) ? log : null;
    }

    /// <summary>Follows no more what nobody has asked for in a long time, and not more logs than there may be.</summary>
    public void DropUnused()
    {
        var now = _settings.Time.GetTimestamp();
        var isFull = _logs.Count > _mostFollowed;
        // Who is past his time is looked for now and then.
        if (!isFull && _settings.Time.GetElapsedTime(_lookedAt, now) < Unused / 20)
            return;
        _lookedAt = now;
        if (_settings.Time.GetElapsedTime(_agedAt, now) >= Unused)
        {
            _agedAt = now;
            foreach (var log in Followed)
                log.Age();
        }

        var candidates = Followed.Where(l => !l.Tenant.IsPublic);
        if (isFull)
            candidates = candidates.OrderBy(l => l.Used);
        // Somewhat more than must be, so that the next one to come does not have to look again.
        var tooMany = isFull ? _logs.Count - (_mostFollowed - (_mostFollowed / 16)) : 0;
        foreach (var log in candidates)
        {
            var isUnused = _settings.Time.GetElapsedTime(log.Used, now) >= Unused;
            if ((isUnused || tooMany > 0) && TryDrop(log))
                tooMany--;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _link.Dispose();
        await _client.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connections, without waiting until they have ended.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    private async ValueTask AwaitContactAsync(FollowedLog log)
    {
        while (!log.InContact(_settings.Time.GetTimestamp()) && _settings.Time.GetElapsedTime(log.FollowedSince) < _firstContact)
            await Task.Delay(TimeSpan.FromMilliseconds(2), _settings.Time).ConfigureAwait(false);
    }

    private async ValueTask<Position?> AppendAsync(FollowedLog log, IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        // C17: a record is told to every node, and waits in Redis for those that are slow.
        if (tags.Count > Coarsening.Most || RecordFormat.Write(tags, change) is not { Length: <= RecordFormat.MostBytes } record)
        {
            (tags, change) = ([Tag.Root], default);
            record = RecordFormat.Write(tags, change);
        }

        try
        {
            var at = await SendAsync(log, tags, record).ConfigureAwait(false);
            _link.Do(log, log.OnAppended(at, tags, change)); // C9
            // R9: all nodes hear of it, but one that differs may not be able to read a position of this one (C10).
            return log.Agrees(_settings.Time.GetTimestamp()) ? at : null;
        }
        catch (Exception e)
        {
            // C8, C14: whatever went wrong, the change is committed. Whether it was logged or not, the tags are
            // invalid here, and contact waits until they are logged for certain.
            log.OnNotLogged(tags);
            _report.NotLogged(e);
            return null;
        }
    }

    private async Task LogPendingAsync(FollowedLog log)
    {
        while (log.TryTakePending(out var tags))
        {
            Position? at = null;
            try
            {
                at = await SendAsync(log, tags, RecordFormat.Write(tags, default)).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RespException or RespProtocolException)
            {
                // It goes on waiting; the next tick tries again.
            }
            finally
            {
                _link.Do(log, log.OnPendingLogged(at));
            }

            if (at is null)
                return;
        }

        // Contact has waited for this, and need not wait for the next beat.
        if (log.Pending == 0)
            _link.Do(log, FollowStep.Probe);
    }

    // On the connection on which the log is followed, so that the two never speak to different servers. Without one it fails at
    // once; nothing waits for a connection.
    private async ValueTask<Position> SendAsync(FollowedLog log, IReadOnlyList<Tag> tags, byte[] record)
    {
        var session = _link.SessionOf(log.Slot) ?? throw new RespConnectionException("There is no connection to Redis for this log.", mayHaveRun: false);
        var clocks = StoreClocks.Of(tags);
        try
        {
            return await session.AppendAsync(log, record, clocks).ConfigureAwait(false);
        }
        catch (RespServerException e)
        {
            if (e.Code is "READONLY")
                session.Drop(ContactEnd.NotLeading, e);
            // A slot that moves: its new owner, or the server that is about to become it, begins a new epoch with this record, for it is
            // another incarnation (C13). Who still follows the log at the old owner hears nothing of it, and is out of contact since
            // before: the last head that was read there was sent for before the log left.
            if (e.Code is not ("MOVED" or "ASK") || _link.Redirect(session, log, e) is not { } owner)
                throw;
            return await owner.AppendAsync(log, record, clocks, isAsking: e.Code is "ASK").ConfigureAwait(false);
        }
    }

    private FollowedLog Use(Tenant tenant)
    {
        var log = LogOf(tenant);
        log.Use(_settings.Time.GetTimestamp());
        return log;
    }

    private FollowedLog Make(Tenant tenant) => new(
        tenant, _keys, _clocks, _settings, _appendedIn.TryGetValue(tenant, out var epoch) ? epoch : null, moved => _moved?.Invoke(moved));

    private bool TryDrop(FollowedLog log)
    {
        if (!log.TryDrop(out var from))
            return false;
        if (log.AppendedIn is { } epoch)
            _appendedIn[log.Tenant] = epoch;
        Forget(log);
        _clocks.Drop(log.Tenant); // what was made from this log is out of contact for ever anyway
        from?.Unfollow(log);
        _moved?.Invoke(log.Tenant); // whoever reads the log's events looks again, and follows it again
        return true;
    }

    private void Forget(FollowedLog log)
    {
        _logs.TryRemove(new(log.Tenant, log));
        _byName.TryRemove(new(log.Name, log));
    }

    // Most entries are of one log, and share its list.
    private object[] LogsOf(CacheEntry entry)
    {
        var tenants = entry.Clocks.Tenants.Append(entry.Tenant).Distinct().ToArray();
        return tenants.Length == 1 ? LogOf(tenants[0]).Alone : [.. tenants.Select(LogOf)];
    }
}
