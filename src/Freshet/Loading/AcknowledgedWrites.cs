using Freshet.Coherence;

namespace Freshet.Loading;

/// <summary>
/// What a request has written: the positions from which on it shows, so that its answer can carry them (C10), and the tags
/// it touched, so that its client can drop what it kept. Ambient: whoever answers the request opens it, the data layers find
/// it. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The head of the answer takes what was written until then. Of a later write only the time is kept: the answer must not end before
/// the write shows on every node (C9).
/// </remarks>
/// <param name="time">The clock.</param>
/// <param name="showsWithin">After so long every node has heard of a record, or is out of contact (C6); zero where one process is all.</param>
internal sealed class AcknowledgedWrites(TimeProvider time, TimeSpan showsWithin)
{
    /// <summary>Of more logs the answer tells nothing.</summary>
    public const int MostLogs = 64;

    // Of more tags of a log their types are named.
    private const int MostTags = 4096;
    private static readonly AsyncLocal<AcknowledgedWrites?> Ambient = new();

    private readonly Dictionary<Tenant, Written> _written = [];
    private bool _isTaken;
    private bool _endsByLength;
    private bool _hasUntold;
    private long _lastUntold;

    public static AcknowledgedWrites? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    /// <summary>Whether something that was written could not be logged yet: other nodes do not show it (C14).</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether something that the head does not tell could not be logged yet.</summary>
    public bool IsUntoldPending { get; private set; }

    /// <summary>Whether so much was touched that the client must take everything as touched.</summary>
    public bool IsEverything { get; private set; }

    /// <summary>Whether the handler has ended: what is written from then on is written by middleware around it.</summary>
    public bool HasHandlerEnded { get; set; }

    /// <summary>Whether something was written that the head does not tell.</summary>
    public bool HasUntold
    {
        get
        {
            lock (_written)
                return _hasUntold;
        }
    }

    /// <summary>Whether anything was written.</summary>
    public bool HasAny
    {
        get
        {
            lock (_written)
                return _hasUntold || _written.Count > 0;
        }
    }

    /// <summary>Notes a write that this node judges by since now.</summary>
    /// <param name="tenant">In whose log.</param>
    /// <param name="logged">Where it stands; null: it waits to be logged.</param>
    /// <param name="tags">What was touched.</param>
    /// <returns>Completes when the writer may go on: at once, unless the answer may end with the next byte that it writes.</returns>
    public ValueTask AddAsync(Tenant tenant, Position? logged, IReadOnlyList<Tag> tags)
    {
        lock (_written)
        {
            if (_isTaken)
            {
                IsUntoldPending |= logged is null;
                LeaveUntold_NeedsLock();
                return _endsByLength ? ShownAsync(CancellationToken.None) : default;
            }

            IsPending |= logged is null;
            if (!_written.TryGetValue(tenant, out var known))
            {
                known = new Written(default, []);
                if (_written.Count == MostLogs)
                {
                    IsEverything = true;
                    LeaveUntold_NeedsLock();
                    return default;
                }
            }

            if (logged is { } position)
                known = known with { Positions = known.Positions.With(position) };
            known.Tags.AddRange(tags);
            if (known.Tags.Count > MostTags)
                known = known with { Tags = [.. known.Tags.Select(TypeOf).Distinct()] };
            IsEverything |= known.Tags.Count > MostTags;
            _written[tenant] = known;
            return default;
        }
    }

    /// <summary>Takes what was written so far, for the head of the answer, which is sent now.</summary>
    /// <param name="endsByLength">Whether the answer ends with a byte of its handler that the head counts, and not when the pipeline has ended.</param>
    public KeyValuePair<Tenant, Written>[] Take(bool endsByLength)
    {
        lock (_written)
        {
            (_isTaken, _endsByLength) = (true, endsByLength);
            return [.. _written];
        }
    }

    /// <summary>Nothing, or not all, of what was written can be told: the answer must not end before it shows everywhere.</summary>
    public void LeaveUntold()
    {
        lock (_written)
            LeaveUntold_NeedsLock();
    }

    /// <summary>Waits until every node shows what the answer does not tell, or is out of contact (C6, C9).</summary>
    /// <remarks>
    /// A node in contact has had the answer to a probe that it sent less than that time ago, and has applied
    /// all that was logged before that answer. The record was logged before the wait began.
    /// </remarks>
    public async ValueTask ShownAsync(CancellationToken cancel)
    {
        while (true)
        {
            TimeSpan left;
            lock (_written)
                left = _hasUntold ? showsWithin - time.GetElapsedTime(_lastUntold) : TimeSpan.Zero;
            if (left <= TimeSpan.Zero)
                return;
            await Task.Delay(left, time, cancel).ConfigureAwait(false);
        }
    }

    private void LeaveUntold_NeedsLock() => (_hasUntold, _lastUntold) = (true, time.GetTimestamp());

    private static Tag TypeOf(Tag tag) => tag.Segments.Length > 1 ? Tag.Of(tag.Segments[0]) : tag;

    /// <summary>What was written in one tenant's log.</summary>
    /// <param name="Positions">From where on all of it that was logged shows, by epoch.</param>
    /// <param name="Tags">What was touched.</param>
    internal readonly record struct Written(LogPositions Positions, List<Tag> Tags);
}
