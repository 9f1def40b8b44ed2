namespace Freshet.Coherence;

/// <summary>
/// What a request knew when it came in, ahead of everything that feeds its answer: its fence, should it load (C1), and the
/// place from which its answer is judged (C4, C5).
/// </summary>
/// <param name="Tick">The node's tick at the request's entry.</param>
/// <param name="MustLoad">Whether only a load that began after the arrival will do, down to what is read inside it: the
/// client carries a position that this node has not applied (C10), or a log is out of contact (C6).</param>
internal readonly record struct Arrival(long Tick, bool MustLoad = false)
{
    /// <summary>
    /// An arrival that only a later load may serve. It starts a tick of its own, because what began before it and what
    /// begins after it could not be told apart within one tick: while a node hears nothing its ticks stand still.
    /// </summary>
    public static Arrival ThatMustLoad(TagClocks clocks) => new(clocks.Advance(), MustLoad: true);
}
