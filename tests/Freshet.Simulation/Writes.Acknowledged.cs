namespace Freshet.Simulation;

/// <summary>How writes end: what their clients are told, and what is waited for (C9, C10).</summary>
internal sealed partial class Writes
{
    // Their answers do not end before they show on every node.
    private readonly List<(Write Write, long Since)> _held = [];

    /// <summary>A request ends, inside of whose load something was written.</summary>
    public void Ended(Write write, bool hasAnswer)
    {
        write.Client.Land(write);
        if (hasAnswer && write.HasCommitted && !write.IsAcknowledged)
            Acknowledge(write);
    }

    private void Complete(Write write)
    {
        Drop(write);
        // An outcome that was not known counts as committed: if it was, everybody may rely on it from here on (C8).
        if (!write.HasCommitted || write.IsAcknowledged || write.Inside is not null)
            return;
        Acknowledge(write);
    }

    private void Drop(Write write)
    {
        write.State = WriteState.Done;
        if (_writes.Remove(write) && write.Inside is null)
            write.Client.Land(write);
    }

    private void Acknowledge(Write write)
    {
        write.IsAcknowledged = true;
        if (write.WasPending)
        {
            _simulation.Note(Event.WritePending, write.Node.Index, write.Change.Rows.Length);
            _simulation.Promise.AcknowledgePending(write);
            if (write.Pending == 0)
                PendingLogged(write);
            return;
        }

        if (write.ThroughDeposed)
        {
            _simulation.Note(Event.WriteThroughDeposed, write.Node.Index, 0);
            _unheard[write.Node.Index].Add(write);
        }

        Count(write);
        // What only an old primary logged is the client's word alone until the writer has reached the new one.
        var until = write.ThroughDeposed ? long.MaxValue : _simulation.Now + _simulation.Profile.SessionLife;
        var hasRoom = !write.IsLate && write.Client.Take(write, _simulation.Rules, until);
        if (hasRoom)
        {
            Acknowledge(write, isTold: true);
            return;
        }

        _simulation.Note(write.IsLate ? Event.WriteBehindTheHead : Event.WriteHadNoRoom, write.Node.Index, 0);
        if (!write.Node.IsEmbedded && _simulation.Rules.WaitsForTheUntold)
            _held.Add((write, _simulation.Now));
        else
            Acknowledge(write, isTold: false);
    }

    private void Acknowledge(Write write, bool isTold)
    {
        _simulation.Note(Event.WriteAcknowledged, write.Node.Index, write.Change.Rows.Length);
        _simulation.Promise.Acknowledge(write, isTold, _simulation.Now);
    }

    // One of the answers that are held ends, if its time has come.
    private bool EndHeld()
    {
        if (_held.Count == 0)
            return false;
        var at = _simulation.Random.Below(_held.Count);
        var (write, since) = _held[at];
        if (_simulation.Now - since < _simulation.Profile.MaxStaleness)
            return false;
        _held.RemoveAt(at);
        // A node that died has ended no answer.
        if (!IsLost(write))
            Acknowledge(write, isTold: false);
        return true;
    }

    private void Count(Write write)
    {
        var touches = write.Change.Touches;
        if (touches.Length > 1)
            _simulation.Coverage.Count(touches.Length == 2 ? Event.WriteInTwoLogs : Event.WriteInThreeLogs);
        if (write.Client.Log == Client.NoLog)
            _simulation.Coverage.Count(Event.WriteWithoutTenant);
        else if (touches.Any(t => t.Log != write.Client.Log && t.Log != World.Public))
            _simulation.Coverage.Count(Event.WriteInAnotherLog);
    }
}
