using System.Runtime.CompilerServices;
using Freshet.EntityFrameworkCore.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>What has gone through one context since it was created, or leased from its pool. Not thread-safe, as the context is not.</summary>
internal sealed class ContextState
{
    private static readonly ConditionalWeakTable<DbContext, ContextState> States = [];

    private readonly HashSet<object> _attached = new(ReferenceEqualityComparer.Instance);
    private readonly int _lease;
    private LoadScope? _load;

    private ContextState(DbContext context)
    {
        _lease = context.ContextId.Lease;
        // Before the first command nothing can have come from a query.
        foreach (var entry in SavedRows.Entries(context))
            _attached.Add(entry.Entity);
        context.ChangeTracker.Tracked += OnTracked;
    }

    /// <summary>The tracked objects that no query brought.</summary>
    public IReadOnlySet<object> Attached => _attached;

    /// <summary>The save that is running.</summary>
    public RunningSave? Save { get; set; }

    /// <summary>The commands that run now and have something to tell when they have run.</summary>
    public Dictionary<Guid, RunningCommand> Running { get; } = [];

    /// <summary>The state of the context; call it before its first command runs.</summary>
    public static ContextState Of(DbContext context)
    {
        if (States.TryGetValue(context, out var state) && state._lease == context.ContextId.Lease)
            return state;
        if (state is not null)
            context.ChangeTracker.Tracked -= state.OnTracked;
        state = new ContextState(context);
        States.AddOrUpdate(context, state);
        return state;
    }

    /// <summary>
    /// C2: what a context tracked before the load began takes part in what the load sees, and was read before its fence or
    /// is not in the database at all.
    /// </summary>
    /// <returns>What stands against storing the load; <see cref="CacheReason.None"/> when nothing does.</returns>
    public CacheReason UseIn(LoadScope load, DbContext context)
    {
        if (ReferenceEquals(_load, load))
            return CacheReason.None;
        _load = load;
        var reason = CacheReason.None;
        foreach (var entry in SavedRows.Entries(context))
        {
            if (entry.State is not EntityState.Unchanged)
                return CacheReason.LocalChanges;
            reason = CacheReason.UsedContext;
        }

        return reason;
    }

    /// <summary>An insert is done: what the object says is what the row holds.</summary>
    public void Inserted(IReadOnlyList<object> entities) => _attached.ExceptWith(entities);

    private void OnTracked(object? sender, EntityTrackedEventArgs e)
    {
        if (e.FromQuery)
            _attached.Remove(e.Entry.Entity);
        else
            _attached.Add(e.Entry.Entity);
    }
}
