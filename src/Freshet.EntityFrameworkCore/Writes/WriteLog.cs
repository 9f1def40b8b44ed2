using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Transactions;
using Freshet.Coherence;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;
using Freshet.Loading;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// Holds what was written until its commit is known (C8), then invalidates it: never cancelled, and before whoever
/// committed goes on (C9).
/// </summary>
internal sealed partial class WriteLog(CacheEngine engine, HeldWrites held, ILogger<WriteLog> log)
{
    private readonly ConcurrentDictionary<Tag, bool> _withoutTenant = [];

    private readonly ConditionalWeakTable<DbConnection, ConnectionState> _connections = [];
    private readonly ConditionalWeakTable<DbTransaction, PendingWrites> _transactions = [];

    /// <summary>What is written in transactions whose end is not seen.</summary>
    public HeldWrites Held => held;

    public ConnectionState Of(DbConnection connection) => _connections.GetValue(connection, c => new ConnectionState(c, this));

    /// <summary>What a transaction has written. One that nothing was told of ends where it cannot be seen, so it is in doubt from the start.</summary>
    public PendingWrites Of(DbTransaction transaction)
    {
        var pending = _transactions.GetValue(transaction, t => Foreign(t));
        if (!pending.IsOfAnEarlierOne)
            return pending;
        pending = Foreign(transaction);
        _transactions.AddOrUpdate(transaction, pending);
        return pending;
    }

    /// <summary>A transaction begins, and its end will be seen. Providers reuse the object of one that has ended.</summary>
    /// <param name="connection">Where it begins.</param>
    /// <param name="transaction">Its object.</param>
    /// <param name="owner">What says when it ends, beside the events.</param>
    /// <param name="isOfSave">Whether a SaveChanges began it for itself.</param>
    /// <returns>What is due, of transactions before it.</returns>
    public IReadOnlyList<Touch> Begin(DbConnection connection, DbTransaction transaction, IDbContextTransactionManager? owner, bool isOfSave) =>
        Begin(connection, new PendingWrites(Held) { Transaction = transaction, Owner = owner, IsOfSave = isOfSave });

    /// <summary>A context joins a transaction that was begun elsewhere.</summary>
    /// <returns>What is due, of transactions before it.</returns>
    public IReadOnlyList<Touch> Join(DbConnection connection, DbTransaction transaction)
    {
        // One whose end is not seen may have ended, and its object begun another one.
        if (_transactions.TryGetValue(transaction, out var known) && known is { IsCommitted: false, IsRolledBack: false, HasEnded: false })
            return known.IsInDoubt ? known.Doubt() : [];
        return Begin(connection, Foreign(transaction));
    }

    /// <summary>A command has written, or may have: due at its transaction's commit, or at once when it has none.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> Wrote(
        DbTransaction? transaction,
        DbConnection? connection,
        Transaction? ambient,
        IReadOnlyList<Touch> touches,
        bool failed = false) => Wrote(transaction is null ? null : Of(transaction), connection, ambient, touches, failed);

    /// <inheritdoc cref="Wrote(DbTransaction, DbConnection, Transaction, IReadOnlyList{Touch}, bool)"/>
    public IReadOnlyList<Touch> Wrote(
        PendingWrites? pending,
        DbConnection? connection,
        Transaction? ambient,
        IReadOnlyList<Touch> touches,
        bool failed = false)
    {
        var state = connection is null ? null : Of(connection);
        if (pending is null && state?.BySql is { } begun)
            return begun.Wrote(touches, failed);
        if (touches.Count == 0)
            return touches;
        if (pending is not null)
        {
            // A save hands on what it wrote when its own transaction is over.
            var due = pending.IsOfSave || state is null ? [] : state.Meet(pending);
            return [.. due, .. pending.Add(touches)];
        }

        if (ambient is not null && Enlist(ambient, touches))
        {
            // A connection that was told not to enlist may have committed by itself already.
            return connection is not null && MayStayOut(connection) ? touches : [];
        }

        return state is { IsHeld: true } ? state.WroteUnseen(touches) : touches;
    }

    /// <summary>A text has run that begins or ends a transaction, and that may have written as well.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> RanInSql(
        DbTransaction? transaction,
        DbConnection connection,
        Transaction? ambient,
        TransactionText text,
        IReadOnlyList<Touch> touches,
        bool failed)
    {
        if (transaction is not null)
        {
            // Behind the back of the object that stands for the transaction.
            IReadOnlyList<Touch> doubtful = text.MayEndBegun ? Of(transaction).Doubt() : [];
            return [.. doubtful, .. Wrote(transaction, connection, ambient, touches)];
        }

        var state = Of(connection);
        if (text.OnlyMayEnd && state.BySql is null)
            return Wrote(transaction, connection, ambient, touches, failed);
        var begun = state.BySql ??= new SqlTransaction(Held);
        var due = begun.Ran(text, touches, failed);
        if (!begun.IsOpen)
            state.BySql = null;
        return due;
    }

    /// <summary>Whether the command is known to run in a transaction that somebody else ends.</summary>
    public bool IsInTransaction(DbCommand command, Transaction? ambient) =>
        command.Transaction is not null || ambient is not null || (command.Connection is { } connection && Of(connection).BySql is not null);

    /// <summary>The transaction in which the context's connections take part without an object that stands for it.</summary>
    public static Transaction? Ambient(DbContext context)
    {
        // SQLite takes no part in ambient transactions: what it wrote is committed.
        if (context.Database.ProviderName is "Microsoft.EntityFrameworkCore.Sqlite")
            return null;
        return context.Database.GetEnlistedTransaction() ?? Transaction.Current;
    }

    public async ValueTask InvalidateAsync(IReadOnlyList<Touch> touches)
    {
        foreach (var touch in touches)
        {
            if (touch.Tenant.IsPublic && ReferenceEquals(touch.Rule, Cascade.NoTenant) && _withoutTenant.TryAdd(touch.Tag, true))
                LogWithoutTenant(log, touch.Tag);
        }

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

    private PendingWrites Foreign(DbTransaction transaction)
    {
        var pending = new PendingWrites(Held) { Transaction = transaction };
        pending.Doubt();
        return pending;
    }

    private IReadOnlyList<Touch> Begin(DbConnection connection, PendingWrites pending)
    {
        _transactions.AddOrUpdate(pending.Transaction!, pending);
        return Of(connection).Meet(pending);
    }

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

    [LoggerMessage(24, LogLevel.Warning, "A write of {Entity} does not say which tenant it is for: every tenant's answers that are made from the type are dropped. Filter by the column of the tenant, or enter the tenant: using (tenants.Enter(\"name\")). Further writes of the type are not named.")]
    private static partial void LogWithoutTenant(ILogger logger, Tag entity);
}
