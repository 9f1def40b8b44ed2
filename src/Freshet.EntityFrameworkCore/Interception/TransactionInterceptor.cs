using System.Data.Common;
using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Touches what a transaction wrote once its commit is known; a commit that failed has an outcome that is not known, which
/// counts as committed (C8). One that ends and nobody says how counts as committed, too.
/// </summary>
internal sealed class TransactionInterceptor(WriteLog writes, CommandWatch watch) : DbTransactionInterceptor
{
    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        writes.Invalidate(Begin(connection, eventData, result));
        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection,
        TransactionEndEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default)
    {
        await writes.InvalidateAsync(Begin(connection, eventData, result));
        return result;
    }

    public override DbTransaction TransactionUsed(DbConnection connection, TransactionEventData eventData, DbTransaction result)
    {
        // The provider's commands take the provider's transaction only.
        var transaction = FreshetTransaction.Undecorated(result)!;
        writes.Invalidate(writes.Join(connection, transaction));
        return transaction;
    }

    public override async ValueTask<DbTransaction> TransactionUsedAsync(
        DbConnection connection,
        TransactionEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default)
    {
        var transaction = FreshetTransaction.Undecorated(result)!;
        await writes.InvalidateAsync(writes.Join(connection, transaction));
        return transaction;
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) =>
        writes.Invalidate(writes.Of(transaction).Commit());

    public override async Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default) => await writes.InvalidateAsync(writes.Of(transaction).Commit());

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) =>
        writes.Invalidate(writes.Of(transaction).Rollback());

    public override async Task TransactionRolledBackAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default) => await writes.InvalidateAsync(writes.Of(transaction).Rollback());

    public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData) =>
        writes.Invalidate(Failed(transaction, eventData));

    public override async Task TransactionFailedAsync(
        DbTransaction transaction,
        TransactionErrorEventData eventData,
        CancellationToken cancellationToken = default) => await writes.InvalidateAsync(Failed(transaction, eventData));

    public override void RolledBackToSavepoint(DbTransaction transaction, TransactionEventData eventData)
    {
        // Events do not name the savepoint. A save that fails goes back to its own one; nothing else is known to be undone.
        if (SaveOf(eventData) is { } save)
            save.IsUndone = true;
    }

    public override Task RolledBackToSavepointAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        CancellationToken cancellationToken = default)
    {
        RolledBackToSavepoint(transaction, eventData);
        return Task.CompletedTask;
    }

    private static RunningSave? SaveOf(TransactionEventData data) => data.Context is { } context ? ContextState.Of(context).Save : null;

    private List<Touch> Failed(DbTransaction transaction, TransactionErrorEventData data)
    {
        if (!string.Equals(data.Action, "Commit", StringComparison.Ordinal))
            return [];
        List<Touch> due = [.. writes.Of(transaction).Doubt()];
        // A save hands on what it wrote when it ends; its strategy may try it again in another transaction before that.
        for (var save = SaveOf(data); save is not null; save = save.Outer)
            due.AddRange(save.Doubt(watch.Tenant));
        return due;
    }

    private IReadOnlyList<Touch> Begin(DbConnection connection, TransactionEndEventData data, DbTransaction transaction) =>
        writes.Begin(connection, transaction, data.Context?.GetService<IRelationalConnection>(), isOfSave: SaveOf(data) is not null);
}
