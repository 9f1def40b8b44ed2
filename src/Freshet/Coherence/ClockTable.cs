using System.Buffers;
using System.Numerics;

namespace Freshet.Coherence;

/// <summary>
/// Ticks by the hashes of clocks: open addressing, at most half full, in which nothing is ever removed. One writes, under a lock;
/// any thread reads.
/// </summary>
/// <remarks>A new clock's tick is written before its hash (release), so who finds the hash (acquire) finds the tick.</remarks>
internal sealed class ClockTable
{
    private readonly uint[] _hashes; // 0: free
    private readonly long[] _ticks;

    private ClockTable(int size) => (_hashes, _ticks) = (new uint[size], new long[size]);

    /// <summary>The one without clocks; never written.</summary>
    public static ClockTable Empty { get; } = new(1);

    public int Size => _hashes.Length;

    public int Count { get; private set; }

    /// <summary>Whether so many new clocks find a place.</summary>
    public bool HasRoomFor(int clocks) => 2 * ((long)Count + clocks) <= Size && Size > 1;

    /// <summary>Whether one of the clocks has moved after a tick; those that are not here have not.</summary>
    public bool IsAnyAbove(ReadOnlySpan<uint> clocks, long tick)
    {
        var hashes = _hashes;
        foreach (var clock in clocks)
        {
            var i = (int)clock & (hashes.Length - 1);
            for (uint found; (found = Volatile.Read(ref hashes[i])) != 0; i = (i + 1) & (hashes.Length - 1))
            {
                if (found != clock)
                    continue;
                if (Volatile.Read(ref _ticks[i]) > tick)
                    return true;
                break;
            }
        }

        return false;
    }

    public void Move(uint hash, long tick)
    {
        var i = (int)hash & (Size - 1);
        while (_hashes[i] != 0 && _hashes[i] != hash)
            i = (i + 1) & (Size - 1);
        Volatile.Write(ref _ticks[i], tick);
        if (_hashes[i] == hash)
            return;
        Count++;
        Volatile.Write(ref _hashes[i], hash);
    }

    /// <summary>The same clocks in a table of another size; when they would fill more than a quarter of it, only those moved last.</summary>
    /// <param name="size">A power of two.</param>
    /// <param name="forgotten">The highest tick of the clocks that were left out; 0 when all are there.</param>
    public ClockTable WithSize(int size, out long forgotten)
    {
        forgotten = Count > size / 4 ? TickAbove(size / 4) : 0;
        var table = new ClockTable(size);
        for (var i = 0; i < Size; i++)
        {
            if (_hashes[i] != 0 && _ticks[i] > forgotten)
                table.Move(_hashes[i], _ticks[i]);
        }

        return table;
    }

    // The least tick above which there are at most so many clocks.
    private long TickAbove(int clocks)
    {
        var ticks = ArrayPool<long>.Shared.Rent(Count);
        var count = 0;
        for (var i = 0; i < Size; i++)
        {
            if (_hashes[i] != 0)
                ticks[count++] = _ticks[i];
        }

        Array.Sort(ticks, 0, count);
        var tick = ticks[count - clocks - 1];
        ArrayPool<long>.Shared.Return(ticks);
        return tick;
    }

    /// <summary>The least size in which so many clocks leave room for as many again.</summary>
    public static long SizeFor(long clocks) => (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, 4 * clocks));
}
