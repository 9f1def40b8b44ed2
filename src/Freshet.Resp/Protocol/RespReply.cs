namespace Freshet.Resp.Protocol;

/// <summary>
/// One reply, in the very bytes that came from the socket. Whoever gets it disposes it once; until then the bytes stay as they
/// are, so a value may go from here to a response body without being copied.
/// </summary>
internal readonly struct RespReply(RespBuffer buffer, int filling, int start, int length) : IDisposable
{
    /// <summary>The whole frame.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public ReadOnlyMemory<byte> Memory => buffer.Read(filling, start, length);

    /// <summary>Reads it; the positions that the reader names are positions in <see cref="Memory"/>.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public RespReader Reader => new(Memory.Span);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It was disposed before.</exception>
    public void Dispose() => buffer?.Release(filling, start);
}
