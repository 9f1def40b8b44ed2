namespace Freshet.Coherence;

/// <summary>One record of a log: the tags that one write touched.</summary>
/// <param name="Offset">Its number in the epoch; the first is 1.</param>
/// <param name="Tags">The tags; never values.</param>
/// <param name="Change">What the write did, for events.</param>
/// <param name="Tick">The node's tick at which it was applied here; 0 where it was not.</param>
internal sealed record LogRecord(long Offset, IReadOnlyList<Tag> Tags, ChangeSummary Change = default, long Tick = 0);

/// <summary>What a log answers to a follower that asks for the records after its position.</summary>
/// <param name="Head">The head at the moment of reading.</param>
/// <param name="Records">The records after the position, in order; null when the log no longer holds all of them or is of another epoch.</param>
internal readonly record struct LogReading(Position Head, IReadOnlyList<LogRecord>? Records);

/// <summary>
/// A tenant's invalidation log: an epoch, an offset, and the last records. The embedded store holds one for each tenant.
/// Not thread-safe: the store that holds it takes a lock.
/// </summary>
internal sealed class InvalidationLog
{
    public const int DefaultCapacity = 1024;

    private readonly LogRecord[] _ring;
    private long _first;
    private long _offset;

    /// <param name="epoch">A name of this incarnation that no other has.</param>
    /// <param name="capacity">How many records it keeps for followers; older ones are trimmed.</param>
    /// <param name="offset">Where it begins: a copy has nothing from before it was begun.</param>
    public InvalidationLog(Epoch epoch, int capacity = DefaultCapacity, long offset = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Epoch = epoch;
        _first = _offset = offset;
        _ring = new LogRecord[capacity];
    }

    public Epoch Epoch { get; private set; }

    public Position Head => new(Epoch, _offset);

    /// <summary>The place before the oldest record that is held.</summary>
    public long Oldest => Math.Max(_first, _offset - _ring.Length);

    /// <summary>Whether records of this epoch were trimmed since this log, or this copy of it, began.</summary>
    public bool IsTrimmed => Oldest > _first;

    /// <summary>Appends a record whose write is known to have committed (C8), and says where it stands (C9).</summary>
    public Position Append(IReadOnlyList<Tag> tags, ChangeSummary change = default, long tick = 0)
    {
        _offset++;
        _ring[_offset % _ring.Length] = new LogRecord(_offset, tags, change, tick);
        return Head;
    }

    /// <summary>The record of that offset; null when it is not held.</summary>
    public LogRecord? Find(long offset) => offset > Oldest && offset <= _offset ? _ring[offset % _ring.Length] : null;

    /// <summary>The newest record that was applied at that tick or before.</summary>
    /// <returns>Its offset; of the place before the oldest record that is held, when all were applied later.</returns>
    public long OffsetAt(long tick)
    {
        var (low, high) = (Oldest, _offset);
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (_ring[middle % _ring.Length].Tick <= tick)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }

    public LogReading ReadAfter(Position position)
    {
        // C7: another epoch, or a log trimmed beyond the position, has no records to offer: the follower must forget.
        if (position.Epoch != Epoch || position.Offset > _offset || position.Offset < Oldest)
            return new LogReading(Head, null);

        var records = new LogRecord[_offset - position.Offset];
        for (var i = 0; i < records.Length; i++)
            records[i] = _ring[(position.Offset + 1 + i) % _ring.Length];
        return new LogReading(Head, records);
    }

    /// <summary>Starts a new epoch unless somebody has done so since <paramref name="expected"/> was read (C13).</summary>
    /// <returns>Whether the epoch was started by this call.</returns>
    public bool TryStartEpoch(Epoch expected, Epoch next)
    {
        if (Epoch != expected)
            return false;
        Epoch = next;
        _first = _offset = 0;
        Array.Clear(_ring);
        return true;
    }
}
