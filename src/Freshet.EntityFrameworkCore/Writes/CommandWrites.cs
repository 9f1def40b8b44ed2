using System.Data.Common;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>What a command that no SaveChanges made (ExecuteUpdate, ExecuteDelete, raw SQL) touches.</summary>
internal static class CommandWrites
{
    public static IReadOnlyList<Touch> Touches(
        CommandPlan plan,
        bool callsUnknown,
        DbParameterCollection parameters,
        ContextModel model,
        Tenant ambient)
    {
        if ((plan.WritesAnything ?? (callsUnknown ? $"the function {plan.UnknownFunction} may write anything" : null)) is { } reason)
            return WrittenTags.Of([.. model.Entities.Types.Select(t => new EntityChange(t, ChangeKind.Delete) { Reason = $"type: {reason}" })], model, ambient);
        return WrittenTags.Of([.. plan.Writes.SelectMany(w => Changes(w, parameters))], model, ambient);
    }

    private static IEnumerable<EntityChange> Changes(TableWrite write, DbParameterCollection parameters)
    {
        var entity = write.Table.Entity;
        var tenants = write.Tenant is { } pin && PinnedValues.Segments(pin, parameters) is { } names
            ? names.Select(Tenant.Named).ToArray()
            : [];
        if (write.Key is null || PinnedValues.Keys(write.Key, parameters) is not { } keys)
        {
            yield return new EntityChange(entity, write.Kind) { Tenants = tenants, Reason = "type: which rows is not known" };
            yield break;
        }

        var parents = new List<ParentKey>();
        foreach (var (edge, pins) in write.Parents)
        {
            var parentKeys = pins is null ? null : PinnedValues.Keys(pins, parameters);
            if (parentKeys is null)
                parents.Add(new ParentKey(edge, null));
            else
                parents.AddRange(parentKeys.Select(k => new ParentKey(edge, k)));
        }

        // More tenants than one: each row is in one of them, which is not a move.
        foreach (var key in keys)
        {
            if (tenants.Length == 0)
                yield return new EntityChange(entity, write.Kind) { Key = key, Parents = parents };
            foreach (var tenant in tenants)
                yield return new EntityChange(entity, write.Kind) { Key = key, Parents = parents, Tenants = [tenant] };
        }
    }
}
