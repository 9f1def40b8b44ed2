using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>Who waits for a load, and stops waiting (C5).</summary>
internal sealed partial class Loads
{
    private void Release(Load load)
    {
        _node.Note(Event.LoadReleased, load.Key.Index);
        load.IsReleased = true;
        var decisions = RentDecisions();
        _turns[load.Key.Index].Release(load.Turn!, decisions);
        DoAll(decisions, LoadEnd.NotShared, load);
    }

    private void LeaveWaiter(Load load, LoadTurns<Request>.Load turn, Prng random)
    {
        var waiter = turn.Waiters[random.Below(turn.WaiterCount)].Handle;
        if (waiter.Parent is null && _turns[load.Key.Index].Leave(waiter) is not null)
            _node.Note(Event.WaiterLeft, load.Key.Index);
    }
}
