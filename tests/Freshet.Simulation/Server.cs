using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>What an append came to.</summary>
internal enum AppendResult : byte
{
    Logged,

    /// <summary>There is no log, or it is of another incarnation: somebody must start an epoch (C13).</summary>
    NeedsEpoch,

    /// <summary>This server no longer accepts writes.</summary>
    Refused,
}

/// <summary>What a probe reads of one log.</summary>
/// <param name="Exists">Whether there is a log.</param>
/// <param name="Incarnation">The incarnation of the server that started its epoch.</param>
/// <param name="Head">Its head.</param>
internal readonly record struct LogHead(bool Exists, UInt128 Incarnation, Position Head);

/// <summary>One tenant's log in the store: everything under one key, which vanishes as one (C12).</summary>
internal sealed class LogState(InvalidationLog log, UInt128 incarnation, long startedAt)
{
    public InvalidationLog Log { get; } = log;

    /// <summary>Offsets at which tags were touched: one touch an append, so its tick is the log's offset.</summary>
    public TagClocks Clocks { get; } = World.NewClocks();

    public UInt128 Incarnation { get; set; } = incarnation;

    public long Ticket { get; set; }

    /// <summary>What was appended since the epoch began and by which operation, so that a replica can lack the last of it.</summary>
    public List<(IReadOnlyList<Tag> Tags, long Operation)> History { get; } = [];

    public long StartedAt { get; set; } = startedAt;

    private readonly Dictionary<(int Key, int Index), EntryClocks> _clocksOfKeys = [];

    /// <summary>Whether nothing was touched since an offset that a key is made from in one of its logs, which is this one.</summary>
    public bool Untouched(Key key, int index, long offset)
    {
        if (!_clocksOfKeys.TryGetValue((key.Index, index), out var clocks))
            _clocksOfKeys[(key.Index, index)] = clocks = World.Instance.ClocksOf(Clocks, key.Dependencies, key.Logs.AsSpan(index, 1));
        return clocks.Untouched(offset);
    }
}

/// <summary>An entry in the store.</summary>
internal sealed class StoredEntry
{
    public required int[] Values { get; init; }

    /// <summary>Its fence in each of the key's logs.</summary>
    public required Position[] Fence { get; init; }

    public required long Ticket { get; init; }

    public required long ExpiresAt { get; init; }

    public required bool HoldsStale { get; init; }

    public long Operation { get; set; }

    /// <summary>What it replaced: a replica that lacks the last operations still has it.</summary>
    public StoredEntry? Replaced { get; set; }
}

/// <summary>What a read of the store found, or a look at the clocks by which an entry is judged.</summary>
internal sealed class StoreReading
{
    /// <summary>Null when there is none.</summary>
    public StoredEntry? Entry { get; set; }

    public LogHead[] Heads { get; } = new LogHead[2];

    /// <summary>By log of the key: whether the entry is valid at its head.</summary>
    public bool[] IsValid { get; } = new bool[2];
}

/// <summary>
/// The shared store: one method for each step that is atomic there. A log is the real <see cref="InvalidationLog"/>, its
/// clocks are the real <see cref="TagClocks"/>, and an entry is judged by offsets.
/// </summary>
internal sealed class Server(UInt128 incarnation, Rules rules, Promise promise)
{
    private const int HistoryLimit = 2048;

    private readonly World _world = World.Instance;
    private readonly LogState?[] _logs = new LogState?[World.Instance.LogCount];
    private readonly StoredEntry?[] _entries = new StoredEntry?[World.Instance.Keys.Count];
    private long _operation;

    public UInt128 Incarnation { get; } = incarnation;

    public int LogCapacity { get; init; }

    /// <summary>Whether another server has taken over while nodes still reach this one.</summary>
    public bool IsDeposed { get; private set; }

    /// <summary>From when a deposed server refuses writes.</summary>
    public long RefusesFrom { get; private set; } = long.MaxValue;

    /// <summary>The connection on which each node is subscribed; 0 for none.</summary>
    public int[] Subscribers { get; } = new int[Scheduler.MaxNodes];

    public bool Refuses(long now) => now >= RefusesFrom;

    public void Depose(long refusesFrom)
    {
        IsDeposed = true;
        RefusesFrom = refusesFrom;
    }

    public LogHead Head(int log) => _logs[log] is { } state ? new LogHead(true, state.Incarnation, state.Log.Head) : default;

    /// <summary>Starts an epoch unless the log is no longer what the caller saw (C13).</summary>
    /// <param name="log">Which log.</param>
    /// <param name="expected">The epoch that the caller saw; null for no log.</param>
    /// <param name="next">The caller's name for the new one.</param>
    public bool StartEpoch(int log, Epoch? expected, Epoch next)
    {
        var state = _logs[log];
        if (state is null)
        {
            if (expected is not null)
                return false;
        }
        else if (expected is not { } epoch || !state.Log.TryStartEpoch(epoch, next))
        {
            return false;
        }

        _logs[log] = new LogState(state?.Log ?? new InvalidationLog(next, LogCapacity), Incarnation, ++_operation);
        return true;
    }

    public AppendResult Append(int log, IReadOnlyList<Tag> tags, long now, out Position at)
    {
        at = default;
        if (Refuses(now))
            return AppendResult.Refused;
        if (_logs[log] is not { } state || !rules.IsOfThisServer(state.Incarnation, Incarnation))
        {
            at = _logs[log]?.Log.Head ?? default;
            return AppendResult.NeedsEpoch;
        }

        if (state.History.Count >= HistoryLimit)
        {
            // C13: an append that cannot be stored drops the log.
            _logs[log] = null;
            return AppendResult.NeedsEpoch;
        }

        at = state.Log.Append(tags);
        state.Clocks.Touch(_world.Tenants[log], tags);
        state.History.Add((tags, ++_operation));
        return AppendResult.Logged;
    }

    public LogReading ReadAfter(int log, Position position) =>
        _logs[log] is { } state ? state.Log.ReadAfter(position) : new LogReading(position, []);

    /// <summary>Reads an entry, as it is.</summary>
    public StoredEntry? Read(Key key, long now) => _entries[key.Index] is { } entry && now < entry.ExpiresAt ? entry : null;

    /// <summary>Judges an entry that was read by the clocks of the logs (C4, C12).</summary>
    public void Check(Key key, StoreReading reading)
    {
        for (var i = 0; i < key.Logs.Length; i++)
        {
            reading.Heads[i] = Head(key.Logs[i]);
            reading.IsValid[i] = rules.IsValidInStore(_logs[key.Logs[i]], Incarnation, reading.Entry!.Fence[i], key, i);
        }
    }

    /// <summary>A load is about to begin: gives it its ticket (C11).</summary>
    public long Miss(Key key) =>
        _logs[key.Logs[0]] is { } state && rules.IsOfThisServer(state.Incarnation, Incarnation) ? ++state.Ticket : -1;

    /// <summary>Stores what a load brought, if it is valid at the log's head and younger than what is stored (C4, C11).</summary>
    public bool Write(Key key, StoredEntry entry)
    {
        var state = _logs[key.Logs[0]];
        if (!rules.IsValidInStore(state, Incarnation, entry.Fence[0], key, 0))
            return false;

        var stored = _entries[key.Index];
        if (stored is not null && stored.Fence[0].Epoch == entry.Fence[0].Epoch)
        {
            if (!rules.Replaces(entry.Fence[0].Offset, entry.Ticket, stored.Fence[0].Offset, stored.Ticket))
                return false;
            promise.NeverStepsBack(entry.Fence[0].Offset, entry.Ticket, stored.Fence[0].Offset, stored.Ticket);
        }

        if (stored is not null)
            stored.Replaced = null;
        entry.Operation = ++_operation;
        entry.Replaced = stored;
        _entries[key.Index] = entry;
        return true;
    }

    public void EvictEntry(int key) => _entries[key] = null;

    public void Age(int log) => _logs[log]?.Log.Age();

    public void EvictLog(int log) => _logs[log] = null;

    /// <summary>The server that takes over with everything but the last operations.</summary>
    public Server TakeOver(UInt128 name, int lost)
    {
        var last = _operation - lost;
        var next = new Server(name, rules, promise) { LogCapacity = LogCapacity, _operation = last };
        for (var log = 0; log < _logs.Length; log++)
        {
            if (_logs[log] is not { } state || state.StartedAt > last)
                continue;
            var copy = new LogState(new InvalidationLog(state.Log.Epoch, LogCapacity), state.Incarnation, state.StartedAt) { Ticket = state.Ticket };
            foreach (var (tags, operation) in state.History)
            {
                if (operation > last)
                    break;
                copy.Log.Append(tags);
                copy.Clocks.Touch(_world.Tenants[log], tags);
                copy.History.Add((tags, operation));
            }

            next._logs[log] = copy;
        }

        for (var key = 0; key < _entries.Length; key++)
        {
            var entry = _entries[key];
            if (entry is not null && entry.Operation > last)
                entry = entry.Replaced is { } replaced && replaced.Operation <= last ? replaced : null;
            // A copy: the servers go separate ways.
            next._entries[key] = entry is null ? null : new StoredEntry
            {
                Values = entry.Values,
                Fence = entry.Fence,
                Ticket = entry.Ticket,
                ExpiresAt = entry.ExpiresAt,
                HoldsStale = entry.HoldsStale,
                Operation = entry.Operation,
            };
        }

        return next;
    }
}
