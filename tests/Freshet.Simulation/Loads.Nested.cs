using Freshet.Coherence;

namespace Freshet.Simulation;

/// <summary>What becomes of a load when a read inside it ends without a value (C3).</summary>
internal sealed partial class Loads
{
    /// <summary>
    /// A read inside a load ended without a value: the load ends in the same way, or answers something else and goes on (C3).
    /// Such an answer says what there was when the read gave up.
    /// </summary>
    public void EndInside(Load outer, Load inner, LoadEnd end)
    {
        var part = outer.Key.Parts[outer.NextPart - 1];
        var isUnknown = end is LoadEnd.Cancelled || inner.NextPart == 0;
        GiveUp(outer, part, inner, isUnknown);
        if (inner.NextPart > 0)
        {
            var read = outer.ReadInFailedParts ??= new EntryClocks.Collector();
            read.Add(Rules.ClocksSoFar(inner).ToClocks());
            if (inner.ReadInFailedParts is { } failed)
                read.Add(failed.ToClocks());
        }

        outer.HoldsUnknown |= isUnknown || inner.HoldsUnknown || inner.IsAmbient;
        if (_simulation.Random.Below(2) == 0)
        {
            End(outer, end);
            return;
        }

        _node.Note(isUnknown ? Event.SurvivedUnknown : Event.SurvivedFailure, outer.Key.Index);
        GoOn(outer);
    }

    /// <summary>A read inside a load, that loads nothing, found nothing.</summary>
    public void FoundNothing(Request request)
    {
        var outer = request.Parent!;
        _node.Note(Event.NestedNotThere, request.Key.Index);
        outer.FailedParts |= 1 << (outer.NextPart - 1);
        outer.Values.AsSpan(outer.Key.Parts[outer.NextPart - 1].At, request.Key.Rows.Length).Fill(Promise.NotShown);
        GoOn(outer);
    }

    private bool IsRefused(Load load) => load.HoldsUnknown && _rules.RefusesUnknown;

    // The load no longer waits for what it reads inside; that goes on, and what it will have read is not known.
    private void LeaveInside(Load outer)
    {
        var inside = outer.Inside!;
        _node.Note(Event.NestedLeft, inside.Key.Index);
        _turns[inside.Key.Index].Leave(inside);
        inside.Parent = null;
        GiveUp(outer, outer.Key.Parts[outer.NextPart - 1], null, isUnknown: true);
        outer.HoldsUnknown = true;
        GoOn(outer);
    }

    // "There is none": what the read had seen, and for the rest of it what there is now. What it had not begun to read decided nothing.
    private void GiveUp(Load outer, Part part, Load? inner, bool isUnknown)
    {
        outer.FailedParts |= 1 << (outer.NextPart - 1);
        var key = _world.Keys[part.Source];
        for (var i = 0; i < key.Rows.Length; i++)
            outer.Values[part.At + i] = _node.Read(outer.Leader, key.Rows[i]);
        if (isUnknown || inner is null)
            return;
        for (var i = 0; i < key.Parts.Length; i++)
        {
            var length = key.Parts[i].Kind is PartKind.Nested ? _world.Keys[key.Parts[i].Source].Rows.Length : 1;
            var shown = outer.Values.AsSpan(part.At + key.Parts[i].At, length);
            if (i < inner.NextPart)
                inner.Values.AsSpan(key.Parts[i].At, length).CopyTo(shown);
            else if (key.Parts[i].Kind is PartKind.Nested)
                shown.Fill(Promise.NotShown);
        }
    }

    private void GoOn(Load outer)
    {
        outer.Inside = null;
        outer.Phase = LoadPhase.Origin;
        if (IsRefused(outer) && outer is { Turn: not null, IsReleased: false })
            Release(outer);
    }
}
