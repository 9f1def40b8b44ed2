namespace Freshet.Coherence;

/// <summary>One record of a log: the tags that one write touched.</summary>
/// <param name="Offset">Its number in the epoch; the first is 1.</param>
/// <param name="Tags">The tags; never values.</param>
/// <param name="Change">What the write did, for events.</param>
/// <param name="Tick">The node's tick at which it was applied here; 0 where it was not.</param>
internal sealed record LogRecord(long Offset, IReadOnlyList<Tag> Tags, ChangeSummary Change = default, long Tick = 0)
{
    /// <summary>About how many bytes of memory it takes.</summary>
    public static int BytesOf(IReadOnlyList<Tag> tags, ChangeSummary change)
    {
        const int Record = 128;
        const int Path = 104;
        const int Segment = 40;
        var bytes = Record + TextOf(change.Entity) + TextOf(change.Id);
        for (var i = 0; i < tags.Count; i++)
        {
            bytes += Path;
            foreach (var segment in tags[i].Segments)
                bytes += Segment + (2 * segment.Length);
        }

        return bytes;

        static int TextOf(string? text) => text is null ? 0 : Segment + (2 * text.Length);
    }
}

/// <summary>What a log answers to a follower that asks for the records after its position.</summary>
/// <param name="Head">The head at the moment of reading.</param>
/// <param name="Records">The records after the position, in order; null when the log no longer holds all of them or is of another epoch.</param>
internal readonly record struct LogReading(Position Head, IReadOnlyList<LogRecord>? Records);

/// <summary>
/// A tenant's invalidation log: an epoch, an offset, and the last records. The embedded store holds one for each tenant.
/// Not thread-safe: the store that holds it takes a lock.
/// </summary>
/// <remarks>
/// It is bounded by the number of records, by their bytes and by their age; the newest record is trimmed by age alone. Its memory follows
/// what it holds: without records it is a head.
/// </remarks>
internal sealed class InvalidationLog
{
    public const int DefaultCapacity = 1024;

    /// <summary>About how many bytes of memory its records take at most, unless told otherwise.</summary>
    public const int DefaultBytes = 1 << 20;

    private const int LeastRoom = 8;

    private readonly int _capacity;
    private readonly int _mostBytes;
    private LogRecord?[] _ring = []; // record o at o modulo the length; a power of two, or the capacity
    private long _first;
    private long _offset;
    private long _aged; // the head when records were last trimmed by age
    private int _bytes;

    /// <param name="epoch">A name of this incarnation that no other has.</param>
    /// <param name="capacity">How many records it keeps for followers; older ones are trimmed.</param>
    /// <param name="offset">Where it begins: a copy has nothing from before it was begun.</param>
    /// <param name="mostBytes">About how many bytes of memory its records take at most.</param>
    public InvalidationLog(Epoch epoch, int capacity = DefaultCapacity, long offset = 0, int mostBytes = DefaultBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Epoch = epoch;
        _first = _offset = _aged = Oldest = offset;
        _capacity = capacity;
        _mostBytes = mostBytes;
    }

    public Epoch Epoch { get; private set; }

    public Position Head => new(Epoch, _offset);

    /// <summary>The place before the oldest record that is held.</summary>
    public long Oldest { get; private set; }

    /// <summary>The tick of the newest record that was trimmed since this log, or this copy of it, began: where it stood before that tick is
    /// not known any more. 0 for none.</summary>
    public long TrimmedTick { get; private set; }

    /// <summary>Whether records of this epoch were trimmed since this log, or this copy of it, began.</summary>
    public bool IsTrimmed => Oldest > _first;

    /// <summary>Appends a record whose write is known to have committed (C8), and says where it stands (C9).</summary>
    public Position Append(IReadOnlyList<Tag> tags, ChangeSummary change = default, long tick = 0)
    {
        if (_offset - Oldest == _capacity)
            TrimOldest();
        else if (_offset - Oldest == _ring.Length)
            Resize(Math.Min(_capacity, Math.Max(LeastRoom, 2 * _ring.Length)));

        _offset++;
        _ring[_offset % _ring.Length] = new LogRecord(_offset, tags, change, tick);
        _bytes += LogRecord.BytesOf(tags, change);
        while (_bytes > _mostBytes && Oldest < _offset - 1)
            TrimOldest();
        return Head;
    }

    /// <summary>
    /// Trims the records that were there when this was last called: called at intervals, it keeps each record for one interval at least and
    /// two at most, and what nobody writes to takes no memory but for its head, by which positions are still judged (C10, C12).
    /// </summary>
    public void Age()
    {
        while (Oldest < _aged)
            TrimOldest();
        _aged = _offset;
        var count = (int)(_offset - Oldest);
        if (count == 0)
            _ring = [];
        else if (count <= _ring.Length / 4)
            Resize(Math.Min(_capacity, Math.Max(LeastRoom, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count))));
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
            if (_ring[middle % _ring.Length]!.Tick <= tick)
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
            records[i] = _ring[(position.Offset + 1 + i) % _ring.Length]!;
        return new LogReading(Head, records);
    }

    /// <summary>Starts a new epoch unless somebody has done so since <paramref name="expected"/> was read (C13).</summary>
    /// <returns>Whether the epoch was started by this call.</returns>
    public bool TryStartEpoch(Epoch expected, Epoch next)
    {
        if (Epoch != expected)
            return false;
        Epoch = next;
        _first = _offset = _aged = Oldest = TrimmedTick = 0;
        _bytes = 0;
        _ring = [];
        return true;
    }

    private void TrimOldest()
    {
        Oldest++;
        ref var place = ref _ring[Oldest % _ring.Length];
        _bytes -= LogRecord.BytesOf(place!.Tags, place.Change);
        TrimmedTick = place.Tick;
        place = null;
    }

    private void Resize(int length)
    {
        var ring = new LogRecord?[length];
        for (var offset = Oldest + 1; offset <= _offset; offset++)
            ring[offset % length] = _ring[offset % _ring.Length];
        _ring = ring;
    }
}
