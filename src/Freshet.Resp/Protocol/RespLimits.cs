namespace Freshet.Resp.Protocol;

/// <summary>
/// What a server may send at most. Beyond it the connection is closed: a peer that says so much is none of ours, or a frame was
/// misread.
/// </summary>
/// <param name="MaxFrameBytes">Bytes of one reply or push, all of it.</param>
/// <param name="MaxElements">Values in one frame, nested ones included.</param>
/// <param name="MaxLineBytes">Bytes of a line: simple strings, errors, numbers, lengths.</param>
/// <param name="MaxDepth">Nested aggregates; at most <see cref="RespScanner.DeepestStack"/>.</param>
internal sealed record RespLimits(
    int MaxFrameBytes = 64 << 20, int MaxElements = 1 << 20, int MaxLineBytes = 64 << 10, int MaxDepth = RespScanner.DeepestStack)
{
    public static RespLimits Default { get; } = new();
}
