using System.Data.Common;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Sees every command that a context runs. What it reads becomes dependencies of the running load before it runs; what it
/// writes is handed on once it has run, whether or not it is known to have succeeded (C8).
/// </summary>
internal sealed class CommandInterceptor(ContextModels models, ReadReporter reads, WriteLog writes, TenantContext tenants) : DbCommandInterceptor
{
    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default) => new(Before(command, eventData, result));

    public override InterceptionResult<object> ScalarExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<object> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<object> result,
        CancellationToken cancellationToken = default) => new(Before(command, eventData, result));

    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default) => new(Before(command, eventData, result));

    public override DbDataReader ReaderExecuted(DbCommand command, CommandExecutedEventData eventData, DbDataReader result)
    {
        Ran(command, result);
        return result;
    }

    public override ValueTask<DbDataReader> ReaderExecutedAsync(
        DbCommand command,
        CommandExecutedEventData eventData,
        DbDataReader result,
        CancellationToken cancellationToken = default) => new(ReaderExecuted(command, eventData, result));

    public override int NonQueryExecuted(DbCommand command, CommandExecutedEventData eventData, int result)
    {
        writes.Invalidate(After(command, eventData));
        return result;
    }

    public override async ValueTask<int> NonQueryExecutedAsync(
        DbCommand command,
        CommandExecutedEventData eventData,
        int result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(After(command, eventData));
        return result;
    }

    public override object? ScalarExecuted(DbCommand command, CommandExecutedEventData eventData, object? result)
    {
        writes.Invalidate(After(command, eventData));
        return result;
    }

    public override async ValueTask<object?> ScalarExecutedAsync(
        DbCommand command,
        CommandExecutedEventData eventData,
        object? result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(After(command, eventData));
        return result;
    }

    public override InterceptionResult DataReaderClosing(DbCommand command, DataReaderClosingEventData eventData, InterceptionResult result)
    {
        WriteLog.Wait(CloseAsync(command, eventData, sync: true));
        return result;
    }

    public override async ValueTask<InterceptionResult> DataReaderClosingAsync(
        DbCommand command,
        DataReaderClosingEventData eventData,
        InterceptionResult result)
    {
        await CloseAsync(command, eventData, sync: false);
        return result;
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) =>
        writes.Invalidate(After(command, eventData, failed: true));

    public override async Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(After(command, eventData, failed: true));

    public override void CommandCanceled(DbCommand command, CommandEndEventData eventData) =>
        writes.Invalidate(After(command, eventData, failed: true));

    public override async Task CommandCanceledAsync(DbCommand command, CommandEndEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(After(command, eventData, failed: true));

    // C2: an interceptor of the application may give rows of its own, such as those of another cache. How old they are is not known.
    private static void Ran(DbCommand command, DbDataReader reader)
    {
        if (LoadScope.Current is { } load && reader.GetType().Assembly != command.GetType().Assembly)
            load.DoNotStore(CacheReason.UnknownSource);
    }

    private InterceptionResult<T> Before<T>(DbCommand command, CommandEventData data, InterceptionResult<T> result)
    {
        Before(command, data);
        return result;
    }

    private void Before(DbCommand command, CommandEventData data)
    {
        if (data.Context is not { } context)
            return;
        var state = ContextState.Of(context);
        var load = LoadScope.Current;

        if (data.CommandSource is CommandSource.SaveChanges)
        {
            // A save's text says less than the context does.
            if (state.Save is { } save)
            {
                save.Rows ??= SavedRows.Of(context, models.Of(context), state.Attached);
                if (save.RanByItself)
                    save.Doubt(tenants.TryGet(out var current) ? current : Tenant.Public);
                (save.Transaction, save.Connection) = (command.Transaction, command.Connection);
                save.RanByItself |= !writes.IsInTransaction(context, command);
            }

            load?.DoNotStore(CacheReason.WroteDuringLoad);
            return;
        }

        var model = models.Of(context);
        var text = model.TextOf(command.CommandText);
        // Outside of a load only what may write, or may begin or end a transaction (C8), is of interest.
        if (load is null && text.CannotWrite)
            return;
        var plan = text.Plan;
        if (load is not null)
            Read(command, context, state, model.Catalog, plan, load);

        var callsUnknown = plan.UnknownFunction is not null && data.CommandSource is CommandSource.ExecuteSqlRaw;
        if (plan.Modifies || callsUnknown)
        {
            load?.DoNotStore(CacheReason.WroteDuringLoad);
            var ambient = tenants.TryGet(out var tenant) ? tenant : Tenant.Public;
            var touches = CommandWrites.Touches(plan, callsUnknown, command, model, ambient);
            if (touches.Count > 0)
                state.Running[data.CommandId] = touches;
        }

        if (plan.Transaction.Steps.Count > 0)
            state.Running.TryAdd(data.CommandId, []);
    }

    // C2: every read of a load sees a state of the database from after its fence.
    private void Read(
        DbCommand command,
        DbContext context,
        ContextState state,
        TableCatalog catalog,
        CommandPlan plan,
        LoadScope load)
    {
        if (state.UseIn(load, context) is not CacheReason.None and var used)
            load.DoNotStore(used);
        if (command.Transaction is not null
            || System.Transactions.Transaction.Current is not null
            || (command.Connection is { } connection && writes.IsOpenInSql(connection)))
            load.DoNotStore(CacheReason.AmbientTransaction);
        reads.Report(plan, command, catalog, load);
    }

    // A command that answers with rows has run to its end only when its reader is closed.
    private async ValueTask CloseAsync(DbCommand command, DataReaderClosingEventData data, bool sync)
    {
        if (data.Context is not { } context || !ContextState.Of(context).Running.ContainsKey(data.CommandId))
            return;
        // A reader that fails to close leaves the outcome unknown, which counts as committed (C8).
        var failed = true;
        try
        {
            if (sync)
                data.DataReader.Close();
            else
                await data.DataReader.CloseAsync().ConfigureAwait(false);
            failed = false;
        }
        finally
        {
            await writes.InvalidateAsync(After(command, context, data.CommandId, failed)).ConfigureAwait(false);
        }
    }

    private IReadOnlyList<Touch> After(DbCommand command, CommandEndEventData data, bool failed = false)
    {
        // C3: a command fails for reasons of which no record is ever made (a deadlock, a time limit).
        if (failed)
            LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);
        return After(command, data.Context, data.CommandId, failed);
    }

    private IReadOnlyList<Touch> After(DbCommand command, DbContext? context, Guid id, bool failed)
    {
        if (context is null || !ContextState.Of(context).Running.Remove(id, out var touches))
            return [];

        var text = models.Of(context).TextOf(command.CommandText).Plan.Transaction;
        return text.Steps.Count > 0 && command.Connection is { } connection
            ? writes.RanInSql(context, command.Transaction, connection, text, touches, failed)
            : writes.Wrote(context, command.Transaction, command.Connection, touches, failed);
    }
}
