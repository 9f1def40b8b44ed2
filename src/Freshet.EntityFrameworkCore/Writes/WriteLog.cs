using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Transactions;
using Freshet.Coherence;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;
using Freshet.Loading;
using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// Holds what was written until its commit is known (C8), then invalidates it: never cancelled, and before whoever
/// committed goes on (C9).
/// </summary>
internal sealed class WriteLog(CacheEngine engine)
{
    // Transactions begun in SQL, by connection.
    private readonly ConditionalWeakTable<DbConnection, SqlTransaction> _bySql = [];

    public PendingTransactions Transactions { get; } = new();

    /// <summary>A command has written, or may have: due at its transaction's commit, or at once when it has none.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> Wrote(
        DbContext context,
        DbTransaction? transaction,
        DbConnection? connection,
        IReadOnlyList<Touch> touches,
        bool failed = false)
    {
        if (transaction is null && connection is not null && _bySql.TryGetValue(connection, out var begun))
            return begun.Wrote(touches, failed);
        if (touches.Count == 0)
            return touches;
        if (transaction is not null)
        {
            var pending = Transactions.Of(transaction);
            if (pending.IsCommitted)
                return touches;
            pending.Add(touches);
            return pending.IsInDoubt ? touches : [];
        }

        if (Ambient(context) is not { } ambient || !Enlist(ambient, touches))
            return touches;
        // A connection that was told not to enlist may have committed by itself already.
        return connection is not null && MayStayOut(connection) ? touches : [];
    }

    /// <summary>A text has run that begins or ends a transaction, and that may have written as well.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> RanInSql(
        DbContext context,
        DbTransaction? transaction,
        DbConnection connection,
        TransactionText text,
        IReadOnlyList<Touch> touches,
        bool failed)
    {
        if (transaction is not null)
        {
            // Behind the back of the object that stands for the transaction.
            IReadOnlyList<Touch> doubtful = text.MayEndBegun ? Transactions.Of(transaction).Doubt() : [];
            return [.. doubtful, .. Wrote(context, transaction, connection, touches)];
        }

        if (text.OnlyMayEnd && !IsOpenInSql(connection))
            return Wrote(context, transaction, connection, touches, failed);
        var begun = _bySql.GetOrCreateValue(connection);
        var due = begun.Ran(text, touches, failed);
        if (!begun.IsOpen)
            _bySql.Remove(connection);
        return due;
    }

    /// <summary>Whether the command is known to run in a transaction that somebody else ends.</summary>
    public bool IsInTransaction(DbContext context, DbCommand command) =>
        command.Transaction is not null || Ambient(context) is not null || (command.Connection is { } connection && IsOpenInSql(connection));

    /// <summary>Whether a transaction that was begun in SQL is open, or may be.</summary>
    public bool IsOpenInSql(DbConnection connection) => _bySql.TryGetValue(connection, out _);

    /// <summary>The connection was closed: a transaction that was begun in SQL has ended, and how is not known.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Closed(DbConnection connection) =>
        _bySql.Remove(connection, out var begun) ? begun.Closed() : [];

    public static Transaction? Ambient(DbContext context)
    {
        // SQLite takes no part in ambient transactions: what it wrote is committed.
        if (context.Database.ProviderName is "Microsoft.EntityFrameworkCore.Sqlite")
            return null;
        return context.Database.GetEnlistedTransaction() ?? Transaction.Current;
    }

    public async ValueTask InvalidateAsync(IReadOnlyList<Touch> touches)
    {
        foreach (var group in touches.GroupBy(t => t.Tenant))
            await engine.InvalidateAsync(group.Key, [.. group.Select(t => t.Tag).Distinct()], ChangeSummary.Of(group.Select(t => t.Change))).ConfigureAwait(false);
    }

    /// <summary>For callers that committed synchronously: they too go on only when the write is logged.</summary>
    public void Invalidate(IReadOnlyList<Touch> touches) => Wait(InvalidateAsync(touches));

    public static void Wait(ValueTask logged)
    {
        if (logged.IsCompleted)
            logged.GetAwaiter().GetResult();
        else
            logged.AsTask().GetAwaiter().GetResult();
    }

    private static bool MayStayOut(DbConnection connection) =>
        new DbConnectionStringBuilder { ConnectionString = connection.ConnectionString }.TryGetValue("Enlist", out var enlist)
            && !string.Equals(enlist as string, "true", StringComparison.OrdinalIgnoreCase);

    private bool Enlist(Transaction ambient, IReadOnlyList<Touch> touches)
    {
        if (ambient.TransactionInformation.Status is not TransactionStatus.Active)
            return false;
        ambient.TransactionCompleted += (_, completed) =>
        {
            // In doubt counts as committed.
            if (completed.Transaction?.TransactionInformation.Status is not TransactionStatus.Aborted)
                Invalidate(touches);
        };
        return true;
    }
}
