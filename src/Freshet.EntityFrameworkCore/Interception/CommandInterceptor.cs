using System.Data.Common;
using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Sees every command that a context runs. What it reads becomes dependencies of the running load before it runs; what it
/// writes is handed on once it has run, whether or not it is known to have succeeded (C8).
/// </summary>
internal sealed class CommandInterceptor(ContextModels models, CommandWatch watch, WriteLog writes, EarlyWrites early) : DbCommandInterceptor
{
    /// <summary>The context's connection, whose commands are judged as the context's are.</summary>
    public FreshetConnection Decorate(DbContext context)
    {
        var inner = context.Database.GetDbConnection();
        return inner as FreshetConnection
            ?? ProviderNames.Decorate(inner, new ConnectionWatch(watch, writes, models.Of(context), inner, context), ownsInner: false);
    }

    // The connection is opened for the command after this, if it has to be.
    public override DbCommand CommandCreated(CommandEndEventData eventData, DbCommand result)
    {
        if (result.Connection is { } connection && eventData.Context is { } context && ContextState.Of(context).Save is null)
            writes.Of(connection).IsHeld = connection.State is not System.Data.ConnectionState.Closed;
        return result;
    }

    public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default) => BeforeAsync(command, eventData, result);

    public override InterceptionResult<object> ScalarExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<object> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<object> result,
        CancellationToken cancellationToken = default) => BeforeAsync(command, eventData, result);

    public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result) =>
        Before(command, eventData, result);

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default) => BeforeAsync(command, eventData, result);

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
        writes.Invalidate(After(eventData));
        return result;
    }

    public override async ValueTask<int> NonQueryExecutedAsync(
        DbCommand command,
        CommandExecutedEventData eventData,
        int result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(After(eventData));
        return result;
    }

    public override object? ScalarExecuted(DbCommand command, CommandExecutedEventData eventData, object? result)
    {
        writes.Invalidate(After(eventData));
        return result;
    }

    public override async ValueTask<object?> ScalarExecutedAsync(
        DbCommand command,
        CommandExecutedEventData eventData,
        object? result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(After(eventData));
        return result;
    }

    public override InterceptionResult DataReaderClosing(DbCommand command, DataReaderClosingEventData eventData, InterceptionResult result)
    {
        WriteLog.Wait(CloseAsync(eventData, sync: true));
        return result;
    }

    public override async ValueTask<InterceptionResult> DataReaderClosingAsync(
        DbCommand command,
        DataReaderClosingEventData eventData,
        InterceptionResult result)
    {
        await CloseAsync(eventData, sync: false);
        return result;
    }

    public override void CommandFailed(DbCommand command, CommandErrorEventData eventData) =>
        writes.Invalidate(After(eventData, failed: true));

    public override async Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(After(eventData, failed: true));

    public override void CommandCanceled(DbCommand command, CommandEndEventData eventData) =>
        writes.Invalidate(After(eventData, failed: true));

    public override async Task CommandCanceledAsync(DbCommand command, CommandEndEventData eventData, CancellationToken cancellationToken = default) =>
        await writes.InvalidateAsync(After(eventData, failed: true));

    // C2: an interceptor of the application may give rows of its own, such as those of another cache. How old they are is not known.
    private static void Ran(DbCommand command, DbDataReader reader)
    {
        UnseenCommands.Withdraw(command.Connection);
        if (LoadScope.Current is { } load && reader.GetType().Assembly != command.GetType().Assembly)
            load.DoNotStore(CacheReason.UnknownSource);
    }

    private InterceptionResult<T> Before<T>(DbCommand command, CommandEventData data, InterceptionResult<T> result)
    {
        writes.Invalidate(Notice(command));
        Before(command, data);
        UnseenCommands.Announce(command.Connection);
        return result;
    }

    private async ValueTask<InterceptionResult<T>> BeforeAsync<T>(DbCommand command, CommandEventData data, InterceptionResult<T> result)
    {
        await writes.InvalidateAsync(Notice(command)).ConfigureAwait(false);
        Before(command, data);
        UnseenCommands.Announce(command.Connection);
        return result;
    }

    private IReadOnlyList<Touch> Notice(DbCommand command) => command.Connection is { } connection ? writes.Of(connection).Notice() : [];

    private void Before(DbCommand command, CommandEventData data)
    {
        if (data.Context is not { } context || early.Took(command))
            return;
        var state = ContextState.Of(context);
        var ambient = WriteLog.Ambient(context);
        if (data.CommandSource is CommandSource.SaveChanges)
        {
            // A save's text says less than the context does.
            if (state.Save is { } save)
            {
                save.Rows ??= SavedRows.Of(context, models.Of(context), state.Attached);
                if (save.RanByItself)
                    save.Doubt(watch.Tenant);
                (save.Transaction, save.Connection) = (command.Transaction is { } transaction ? writes.Of(transaction) : null, command.Connection);
                // The application may have gone back to a savepoint of its own before.
                save.IsUndone = false;
                save.RanByItself |= !writes.IsInTransaction(command, ambient);
            }

            LoadScope.Current?.DoNotStore(CacheReason.WroteDuringLoad);
            return;
        }

        // C2: what the context holds takes part in what the load sees.
        if (LoadScope.Current is { } load && state.UseIn(load, context) is not CacheReason.None and var used)
            load.DoNotStore(used);
        if (watch.Before(models.Of(context), Statement.Of(command), CommandPlace.Of(command, ambient), data.CommandSource is CommandSource.ExecuteSqlRaw) is { } run)
            state.Running[data.CommandId] = run;
    }

    // A command that answers with rows has run to its end only when its reader is closed.
    private async ValueTask CloseAsync(DataReaderClosingEventData data, bool sync)
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
            await writes.InvalidateAsync(After(context, data.CommandId, failed)).ConfigureAwait(false);
        }
    }

    private IReadOnlyList<Touch> After(CommandEndEventData data, bool failed = false)
    {
        UnseenCommands.Withdraw(data.Command.Connection);
        return After(data.Context, data.CommandId, failed);
    }

    private IReadOnlyList<Touch> After(DbContext? context, Guid id, bool failed)
    {
        RunningCommand? run = null;
        if (context is not null)
            ContextState.Of(context).Running.Remove(id, out run);
        return watch.After(run, failed);
    }
}
