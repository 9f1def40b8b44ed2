namespace Freshet.Coherence;

/// <summary>
/// What a request knew when it came in, ahead of everything that feeds its answer: its fence, should it load (C1), and the
/// place from which its answer is judged (C4, C5).
/// </summary>
/// <param name="Tick">The node's tick at the request's entry.</param>
/// <param name="MustLoad">Whether only a load that began after the arrival will do, down to what is read inside it: the
/// client carries a position that this node has not applied (C10), or a log is out of contact (C6).</param>
/// <param name="IsOwnTick">Whether the arrival has started its tick. Then whoever has that tick or a later one came after it; else
/// what began before it cannot be told from what began after: while a node hears nothing its ticks stand still.</param>
internal readonly record struct Arrival(long Tick, bool MustLoad = false, bool IsOwnTick = false)
{
    /// <summary>
    /// Whether the request loads for itself. That it must load is known after its authentication, and then it is too late for a
    /// tick of its own: as a fence it would lie after what authentication has read (C1). With the one of its entry it can share
    /// a load with nobody, and needs not be told from anybody.
    /// </summary>
    public bool IsAlone => MustLoad && !IsOwnTick;

    /// <summary>The arrival of a request that may turn out to have to load. To be taken at its entry, like any other (C1).</summary>
    public static Arrival WithOwnTick(TagClocks clocks) => new(clocks.Advance(), IsOwnTick: true);

    /// <summary>An arrival of which it is known at once that only a later load may serve it.</summary>
    public static Arrival ThatMustLoad(TagClocks clocks) => new(clocks.Advance(), MustLoad: true, IsOwnTick: true);
}
