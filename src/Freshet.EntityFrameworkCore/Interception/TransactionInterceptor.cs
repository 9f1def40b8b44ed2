using System.Data.Common;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// Touches what a transaction wrote once its commit is known; a commit that failed has an outcome that is not known, which
/// counts as committed (C8). One that is never committed touches nothing, whether or not anybody says that it was rolled back.
/// </summary>
internal sealed partial class TransactionInterceptor(WriteLog writes, ILogger<TransactionInterceptor> log) : DbTransactionInterceptor
{
    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        writes.Transactions.Start(result);
        return result;
    }

    public override ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection,
        TransactionEndEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default)
    {
        writes.Transactions.Start(result);
        return new(result);
    }

    public override DbTransaction TransactionUsed(DbConnection connection, TransactionEventData eventData, DbTransaction result)
    {
        Join(result);
        return result;
    }

    public override ValueTask<DbTransaction> TransactionUsedAsync(
        DbConnection connection,
        TransactionEventData eventData,
        DbTransaction result,
        CancellationToken cancellationToken = default)
    {
        Join(result);
        return new(result);
    }

    public override void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => writes.Invalidate(Committed(transaction));

    public override async Task TransactionCommittedAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default) => await writes.InvalidateAsync(Committed(transaction));

    public override void TransactionRolledBack(DbTransaction transaction, TransactionEndEventData eventData) =>
        writes.Transactions.Of(transaction).Rollback();

    public override Task TransactionRolledBackAsync(
        DbTransaction transaction,
        TransactionEndEventData eventData,
        CancellationToken cancellationToken = default)
    {
        writes.Transactions.Of(transaction).Rollback();
        return Task.CompletedTask;
    }

    public override void TransactionFailed(DbTransaction transaction, TransactionErrorEventData eventData)
    {
        if (IsCommit(eventData))
            writes.Invalidate(writes.Transactions.Of(transaction).Doubt());
    }

    public override async Task TransactionFailedAsync(
        DbTransaction transaction,
        TransactionErrorEventData eventData,
        CancellationToken cancellationToken = default)
    {
        if (IsCommit(eventData))
            await writes.InvalidateAsync(writes.Transactions.Of(transaction).Doubt());
    }

    public override void CreatedSavepoint(DbTransaction transaction, TransactionEventData eventData) => Savepoint(transaction, eventData.Context);

    public override Task CreatedSavepointAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        CancellationToken cancellationToken = default)
    {
        Savepoint(transaction, eventData.Context);
        return Task.CompletedTask;
    }

    public override void RolledBackToSavepoint(DbTransaction transaction, TransactionEventData eventData) =>
        RolledBackToSavepoint(transaction, eventData.Context);

    public override Task RolledBackToSavepointAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        CancellationToken cancellationToken = default)
    {
        RolledBackToSavepoint(transaction, eventData.Context);
        return Task.CompletedTask;
    }

    public override void ReleasedSavepoint(DbTransaction transaction, TransactionEventData eventData) => Released(transaction, eventData.Context);

    public override Task ReleasedSavepointAsync(
        DbTransaction transaction,
        TransactionEventData eventData,
        CancellationToken cancellationToken = default)
    {
        Released(transaction, eventData.Context);
        return Task.CompletedTask;
    }

    // The savepoint that SaveChanges makes for itself concerns that save alone.
    private static RunningSave? SaveOf(DbContext? context) => context is null ? null : ContextState.Of(context).Save;

    private static bool IsCommit(TransactionErrorEventData data) => string.Equals(data.Action, "Commit", StringComparison.Ordinal);

    private void Savepoint(DbTransaction transaction, DbContext? context)
    {
        if (SaveOf(context) is null)
            writes.Transactions.Of(transaction).Savepoint();
    }

    private void RolledBackToSavepoint(DbTransaction transaction, DbContext? context)
    {
        if (SaveOf(context) is { } save)
            save.IsUndone = true;
        else
            writes.Transactions.Of(transaction).RollbackToSavepoint();
    }

    private void Released(DbTransaction transaction, DbContext? context)
    {
        if (SaveOf(context) is null)
            writes.Transactions.Of(transaction).ReleaseSavepoint();
    }

    private IReadOnlyList<Touch> Committed(DbTransaction transaction) => writes.Transactions.Of(transaction).Commit();

    private void Join(DbTransaction transaction)
    {
        if (!writes.Transactions.Join(transaction))
            LogForeign(log);
    }

    [LoggerMessage(23, LogLevel.Warning, "A context uses a transaction that was begun outside of Entity Framework: its writes are invalidated when it is committed through the context (Database.CommitTransaction), not when the transaction object is.")]
    private static partial void LogForeign(ILogger logger);
}
