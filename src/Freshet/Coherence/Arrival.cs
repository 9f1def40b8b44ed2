namespace Freshet.Coherence;

/// <summary>
/// What a request knew when it came in, ahead of everything that feeds its answer: its fence, should it load (C1), and the
/// place from which its answer is judged (C4, C5).
/// </summary>
/// <param name="Tick">The node's tick at the request's entry.</param>
/// <param name="MustLoad">Whether only a load that began after the arrival will do: the client carries a position that this
/// node has not applied (C10), or the log cannot be reached (C6).</param>
internal readonly record struct Arrival(long Tick, bool MustLoad = false);
