using System.Data.Common;
using System.Transactions;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>Tells the watch under which Entity Framework's commands run what is done on one decorated connection. Not thread-safe, as the connection is not.</summary>
internal sealed class ConnectionWatch
{
    private readonly CommandWatch _watch;
    private readonly ContextModel _model;
    private readonly DbContext? _context;
    private readonly ConnectionState _state;

    /// <param name="watch">What commands mean.</param>
    /// <param name="writes">What becomes of that.</param>
    /// <param name="model">The tables.</param>
    /// <param name="inner">The provider's connection.</param>
    /// <param name="context">The context that the connection belongs to; null when it has no other user.</param>
    public ConnectionWatch(CommandWatch watch, WriteLog writes, ContextModel model, DbConnection inner, DbContext? context)
    {
        (_watch, Writes, _model, _context) = (watch, writes, model, context);
        _state = writes.Of(inner);
        IsShared = context is not null;
    }

    public WriteLog Writes { get; }

    /// <summary>Whether somebody else may use the connection, and begin a transaction there of which nothing is seen.</summary>
    public bool IsShared { get; set; }

    public T Run<T>(DbConnection? connection, DbTransaction? transaction, Statement[] statements, Func<T> execute)
    {
        var (runs, due) = Begin(connection, transaction, statements);
        Writes.Invalidate(due);
        var failed = true;
        try
        {
            var result = execute();
            failed = false;
            return result;
        }
        finally
        {
            UnseenCommands.Withdraw(connection);
            Writes.Invalidate(End(runs, failed));
        }
    }

    public async Task<T> RunAsync<T>(DbConnection? connection, DbTransaction? transaction, Statement[] statements, Func<Task<T>> execute)
    {
        var (runs, due) = Begin(connection, transaction, statements);
        await Writes.InvalidateAsync(due).ConfigureAwait(false);
        var failed = true;
        try
        {
            var result = await execute().ConfigureAwait(false);
            failed = false;
            return result;
        }
        finally
        {
            UnseenCommands.Withdraw(connection);
            await Writes.InvalidateAsync(End(runs, failed)).ConfigureAwait(false);
        }
    }

    /// <summary>What answers with rows has run to its end only when its reader is closed.</summary>
    public DbDataReader Read(DbConnection? connection, DbTransaction? transaction, Statement[] statements, Func<DbDataReader> execute)
    {
        var (runs, due) = Begin(connection, transaction, statements);
        Writes.Invalidate(due);
        try
        {
            return Watched(execute(), runs);
        }
        catch
        {
            Writes.Invalidate(End(runs, failed: true));
            throw;
        }
        finally
        {
            UnseenCommands.Withdraw(connection);
        }
    }

    /// <inheritdoc cref="Read"/>
    public async Task<DbDataReader> ReadAsync(
        DbConnection? connection, DbTransaction? transaction, Statement[] statements, Func<Task<DbDataReader>> execute)
    {
        var (runs, due) = Begin(connection, transaction, statements);
        await Writes.InvalidateAsync(due).ConfigureAwait(false);
        try
        {
            return Watched(await execute().ConfigureAwait(false), runs);
        }
        catch
        {
            await Writes.InvalidateAsync(End(runs, failed: true)).ConfigureAwait(false);
            throw;
        }
        finally
        {
            UnseenCommands.Withdraw(connection);
        }
    }

    /// <summary>What ran has ended, or has failed.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> End(IReadOnlyList<RunningCommand> runs, bool failed)
    {
        var due = _watch.After(null, failed);
        return runs.Count == 0 ? due : [.. runs.SelectMany(r => _watch.After(r, failed))];
    }

    public void Opened() => _state.Opened();

    public void Closing() => _state.IsClosing = true;

    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Closed() => _state.Closed();

    public void Enlisted(Transaction? transaction) => _state.Enlist(transaction);

    private (IReadOnlyList<RunningCommand> Runs, IReadOnlyList<Touch> Due) Begin(
        DbConnection? connection, DbTransaction? transaction, Statement[] statements)
    {
        // The provider refuses a command without a connection.
        if (connection is null)
            return ([], []);
        var state = Writes.Of(connection);
        var due = state.Notice();
        state.IsHeld = IsShared;
        var ambient = Ambient(state);
        // Nobody enlists a connection that was open before the transaction began.
        var place = new CommandPlace(connection, transaction ?? state.RunningTransaction, ambient, MayStayOut: ambient is not null && ambient != state.Enlisted);
        List<RunningCommand>? runs = null;
        foreach (var statement in statements)
        {
            // A text by hand may call a function for what it does.
            if (_watch.Before(_model, statement, place, functionsMayWrite: true) is { } run)
                (runs ??= []).Add(run);
        }

        UnseenCommands.Announce(connection);
        return (runs ?? (IReadOnlyList<RunningCommand>)[], due);
    }

    private Transaction? Ambient(ConnectionState state)
    {
        // SQLite takes no part in ambient transactions: what it wrote is committed.
        if (_model.Catalog.Dialect is SqlDialect.Sqlite)
            return null;
        if (state.Enlisted is { TransactionInformation.Status: TransactionStatus.Active } enlisted)
            return enlisted;
        return _context?.Database.GetEnlistedTransaction() ?? Transaction.Current;
    }

    private DbDataReader Watched(DbDataReader reader, IReadOnlyList<RunningCommand> runs)
    {
        var load = LoadScope.Current;
        return runs.Count == 0 && load is null ? reader : new WatchedReader(reader, this, runs, load);
    }
}
