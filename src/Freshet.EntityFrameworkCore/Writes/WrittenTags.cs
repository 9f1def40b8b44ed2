using Freshet.EntityFrameworkCore.Schema;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>What changes of rows touch, over the types as which other contexts read the same rows, too.</summary>
internal static class WrittenTags
{
    public static IReadOnlyList<Touch> Of(IReadOnlyList<EntityChange> changes, ContextModel model, Tenant ambient)
    {
        List<Touch> touches = [.. changes.SelectMany(c => Cascade.Expand(c, ambient))];
        var removes = changes.Any(c => c.Kind is ChangeKind.Delete || c.Tenants.Count > 1);
        AddShared(touches, removes ? ChangeKind.Delete : ChangeKind.Update, model, ambient);
        return [.. touches.DistinctBy(t => (t.Tenant, t.Tag))];
    }

    // What is touched may be in a table that another context maps to another type. Which of its rows these are is not
    // known, and its own cascades reach further; but it does not lead back to the type that it was reached from.
    private static void AddShared(List<Touch> touches, ChangeKind kind, ContextModel model, Tenant ambient)
    {
        var names = touches.Select(t => t.Tag.Segments[0]).ToHashSet(StringComparer.Ordinal);
        var open = new Queue<string>(names);
        var shared = new HashSet<EntityType>();
        while (open.TryDequeue(out var name))
        {
            if (model.Entities.Find(name) is not { } entity)
                continue;
            foreach (var other in model.Shared.OthersOf(entity).Where(shared.Add))
            {
                var change = new EntityChange(other, kind) { Reason = $"type: another context maps the table of {name} to it" };
                foreach (var touch in Cascade.Expand(change, ambient))
                {
                    touches.Add(touch);
                    var reached = touch.Tag.Segments[0];
                    if (!string.Equals(reached, other.Name, StringComparison.Ordinal) && names.Add(reached))
                        open.Enqueue(reached);
                }
            }
        }
    }
}
