using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>
/// A transaction of a <see cref="FreshetConnection"/>. What was written in it is touched after its commit; one that is disposed
/// without a commit is rolled back and touches nothing (C8).
/// </summary>
public sealed class FreshetTransaction : DbTransaction
{
    private readonly FreshetConnection _connection;
    private readonly DbTransaction _inner;
    private readonly PendingWrites _pending;
    private bool _isShared;
    private bool _isDisposed;

    internal FreshetTransaction(FreshetConnection connection, DbTransaction inner, PendingWrites pending) =>
        (_connection, _inner, _pending) = (connection, inner, pending);

    /// <summary>
    /// The provider's transaction, for what knows no other. Its end is noticed at the next command on the connection, or when
    /// the connection or this transaction is closed.
    /// </summary>
    public DbTransaction Inner
    {
        get
        {
            _isShared = true;
            return _inner;
        }
    }

    /// <inheritdoc/>
    public override IsolationLevel IsolationLevel => _inner.IsolationLevel;

    /// <inheritdoc/>
    public override bool SupportsSavepoints => _inner.SupportsSavepoints;

    /// <inheritdoc/>
    protected override DbConnection? DbConnection => _connection.Decorated(_inner.Connection);

    private WriteLog Writes => _connection.Watch.Writes;

    /// <inheritdoc/>
    public override void Commit()
    {
        try
        {
            _inner.Commit();
        }
        catch
        {
            // C8: an outcome that is not known counts as committed.
            Writes.Invalidate(_pending.Doubt());
            throw;
        }

        Writes.Invalidate(_pending.Commit());
    }

    /// <inheritdoc/>
    public override async Task CommitAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _inner.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await Writes.InvalidateAsync(_pending.Doubt()).ConfigureAwait(false);
            throw;
        }

        await Writes.InvalidateAsync(_pending.Commit()).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Rollback()
    {
        _inner.Rollback();
        Writes.Invalidate(_pending.Rollback());
    }

    /// <inheritdoc/>
    public override async Task RollbackAsync(CancellationToken cancellationToken = default)
    {
        await _inner.RollbackAsync(cancellationToken).ConfigureAwait(false);
        await Writes.InvalidateAsync(_pending.Rollback()).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void Save(string savepointName) => _inner.Save(savepointName);

    /// <inheritdoc/>
    public override Task SaveAsync(string savepointName, CancellationToken cancellationToken = default) => _inner.SaveAsync(savepointName, cancellationToken);

    /// <inheritdoc/>
    public override void Rollback(string savepointName) => _inner.Rollback(savepointName);

    /// <inheritdoc/>
    public override Task RollbackAsync(string savepointName, CancellationToken cancellationToken = default) =>
        _inner.RollbackAsync(savepointName, cancellationToken);

    /// <inheritdoc/>
    public override void Release(string savepointName) => _inner.Release(savepointName);

    /// <inheritdoc/>
    public override Task ReleaseAsync(string savepointName, CancellationToken cancellationToken = default) =>
        _inner.ReleaseAsync(savepointName, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (!_isDisposed)
        {
            var ended = BeginDispose();
            await _inner.DisposeAsync().ConfigureAwait(false);
            await Writes.InvalidateAsync(Disposed(ended)).ConfigureAwait(false);
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    internal static DbTransaction? Undecorated(DbTransaction? transaction) => transaction is FreshetTransaction decorated ? decorated._inner : transaction;

    internal bool IsOf(DbTransaction inner) => ReferenceEquals(inner, _inner);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            var ended = BeginDispose();
            _inner.Dispose();
            Writes.Invalidate(Disposed(ended));
        }

        base.Dispose(disposing);
    }

    private bool BeginDispose()
    {
        _isDisposed = true;
        return _pending.HasEnded;
    }

    // Only what nobody else could commit is known to be rolled back.
    private IReadOnlyList<Touch> Disposed(bool ended) => ended || _isShared ? _pending.End() : _pending.Rollback();
}
