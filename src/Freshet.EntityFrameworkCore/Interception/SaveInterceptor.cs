using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>Hands on what a SaveChanges wrote: at once when it has committed, with its transaction otherwise (C8).</summary>
internal sealed class SaveInterceptor(WriteLog writes, TenantContext tenants) : SaveChangesInterceptor
{
    public override InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        Begin(eventData.Context);
        return result;
    }

    public override ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default)
    {
        Begin(eventData.Context);
        return new(result);
    }

    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        writes.Invalidate(End(eventData.Context, succeeded: true));
        return result;
    }

    public override async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData,
        int result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(End(eventData.Context, succeeded: true));
        return result;
    }

    public override void SaveChangesFailed(DbContextErrorEventData eventData) => writes.Invalidate(End(eventData.Context, succeeded: false));

    public override async Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(End(eventData.Context, succeeded: false));

    public override void SaveChangesCanceled(DbContextEventData eventData) => writes.Invalidate(End(eventData.Context, succeeded: false));

    public override async Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(End(eventData.Context, succeeded: false));

    private void Begin(DbContext? context)
    {
        if (context is null)
            return;
        var state = ContextState.Of(context);
        state.Save = new RunningSave { Outer = state.Save };
        // The connection is opened for the save after this, if it has to be.
        if (state.Save.Outer is null && context.Database.IsRelational() && context.Database.GetDbConnection() is { } connection)
            writes.Of(connection).IsHeld = connection.State is not System.Data.ConnectionState.Closed;
    }

    private IReadOnlyList<Touch> End(DbContext? context, bool succeeded)
    {
        if (context is null)
            return [];
        var state = ContextState.Of(context);
        var save = state.Save;
        state.Save = save?.Outer;
        var doubtful = save?.Doubtful ?? [];
        if (save?.Rows is not { } rows || (!succeeded && save.IsUndone && doubtful.Count == 0))
            return [];

        if (succeeded)
            state.Inserted(rows.Done());
        IReadOnlyList<Touch> touches = [.. doubtful.Union(rows.Touches(tenants.TryGet(out var tenant) ? tenant : Tenant.Public))];
        var due = writes.Wrote(save.Transaction, save.Connection, WriteLog.Ambient(context), touches);
        // C8: the last attempt says nothing of one whose outcome is not known.
        return doubtful.Count > 0 ? touches : due;
    }
}
