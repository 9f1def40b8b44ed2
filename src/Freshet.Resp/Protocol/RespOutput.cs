using System.Buffers;

namespace Freshet.Resp.Protocol;

/// <summary>Bytes on their way to the server: a pooled array that grows. Not thread-safe.</summary>
internal sealed class RespOutput
{
    private const int Smallest = 4096;
    private const int Kept = 256 << 10;

    private byte[] _bytes = [];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Room for at least so many bytes, of which <see cref="Advance"/> says how many were written.</summary>
    public Span<byte> GetSpan(int atLeast)
    {
        if (_bytes.Length - Length < atLeast)
            Grow(atLeast);
        return _bytes.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Forgets what was written after that length.</summary>
    public void CutTo(int length) => Length = length;

    /// <summary>Empties it; an array that one burst has made large goes back to the pool.</summary>
    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > Kept)
            Return();
    }

    private void Return()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Grow(int atLeast)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Smallest, Math.Max(2 * _bytes.Length, checked(Length + atLeast))));
        Written.Span.CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
