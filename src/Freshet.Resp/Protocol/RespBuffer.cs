using System.Buffers;

namespace Freshet.Resp.Protocol;

/// <summary>
/// A pooled array that the read loop fills and replies refer to; it goes back to the pool when nobody does. Taking and
/// releasing are safe for concurrent use.
/// </summary>
/// <remarks>
/// A count alone would take a reply that is disposed twice for two replies, and give away bytes that somebody still reads. So a reply
/// is marked in its own first byte, which tells nothing any more once it is disposed; and each filling has a number.
/// </remarks>
internal sealed class RespBuffer
{
    private const byte Disposed = 0;

    private static int _inUse;

    private byte[] _bytes;
    private int _users = 1;
    private int _filling;

    private RespBuffer(byte[] bytes) => _bytes = bytes;

    /// <summary>How many there are that have not gone back to the pool.</summary>
    public static int InUse => Volatile.Read(ref _inUse);

    public int Capacity => _bytes.Length;

    public Memory<byte> Memory => _bytes;

    public static RespBuffer Rent(int atLeast)
    {
        Interlocked.Increment(ref _inUse);
        return new RespBuffer(ArrayPool<byte>.Shared.Rent(atLeast));
    }

    /// <summary>Fills it again from its beginning, unless a reply refers to it. Only for the read loop.</summary>
    public bool TryRefill()
    {
        if (Volatile.Read(ref _users) != 1)
            return false;
        _filling++;
        return true;
    }

    /// <summary>A reply that may be kept: one user more.</summary>
    public RespReply Share(int start, int length)
    {
        Interlocked.Increment(ref _users);
        return new RespReply(this, _filling, start, length);
    }

    /// <summary>The bytes of a reply.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public ReadOnlyMemory<byte> Read(int filling, int start, int length)
    {
        var bytes = _bytes;
        ObjectDisposedException.ThrowIf(filling != _filling || start >= bytes.Length || bytes[start] == Disposed, typeof(RespReply));
        return bytes.AsMemory(start, length);
    }

    /// <summary>A reply is not needed any more.</summary>
    /// <exception cref="InvalidOperationException">It was disposed before.</exception>
    public void Release(int filling, int start)
    {
        var bytes = _bytes;
        if (filling != _filling || start >= bytes.Length || Interlocked.Exchange(ref bytes[start], Disposed) == Disposed)
            throw new InvalidOperationException("A reply was disposed twice.");
        Release();
    }

    /// <summary>The read loop does not fill it any more.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        var bytes = _bytes;
        _bytes = [];
        ArrayPool<byte>.Shared.Return(bytes);
        Interlocked.Decrement(ref _inUse);
    }
}
