using System.Collections.Concurrent;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// Where logs stood so long ago that nobody need carry a position from before it (C10). Safe for concurrent use.
/// </summary>
/// <param name="time">Measures how long; what it says does not matter.</param>
/// <param name="age">From when on every node in contact has heard of a record, and no server takes any more in an epoch that has ended.</param>
internal sealed class SettledPositions(TimeProvider time, TimeSpan age)
{
    // What is forgotten is carried a little longer.
    private const int Max = 1 << 14;
    private readonly ConcurrentDictionary<Tenant, Mark> _marks = new();

    /// <summary>Whether the position was applied here longer ago than the age.</summary>
    /// <param name="log">Whose log.</param>
    /// <param name="position">What a client carries.</param>
    /// <param name="here">What this node has applied now.</param>
    public bool Covers(Tenant log, Position position, Position here)
    {
        if (age == TimeSpan.Zero)
            return position.Epoch == here.Epoch && position.Offset <= here.Offset;
        var now = time.GetTimestamp();
        if (!_marks.TryGetValue(log, out var mark))
        {
            if (_marks.Count >= Max)
                _marks.Clear();
            mark = _marks.GetOrAdd(log, new Mark(default, here, now));
        }
        else if (time.GetElapsedTime(mark.At, now) > age)
        {
            // Two may do so at once, and both marks are true.
            mark = _marks[log] = new Mark(mark.Seen, here, now);
        }

        return position.Epoch == mark.Settled.Epoch && position.Offset <= mark.Settled.Offset;
    }

    /// <param name="Settled">What had been applied at the mark before, longer than the age ago.</param>
    /// <param name="Seen">What had been applied at this mark.</param>
    /// <param name="At">When.</param>
    private sealed record Mark(Position Settled, Position Seen, long At);
}
