using System.Data.Common;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore.Storage;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// What a transaction has written so far. A rollback to a savepoint takes nothing from it: which savepoint was meant, and what was
/// written since, is not known for sure, and a touch too many costs a load only (C8). Safe for concurrent use.
/// </summary>
internal sealed class PendingWrites(HeldWrites held)
{
    private readonly Lock _gate = new();
    private readonly List<Touch> _touches = [];
    private int _heldCount;

    /// <summary>The object that stands for the transaction; null when there is none.</summary>
    public DbTransaction? Transaction { get; init; }

    /// <summary>The context's connection that began it and that says when it ends; null when nobody does.</summary>
    public IDbContextTransactionManager? Owner { get; init; }

    /// <summary>Whether a SaveChanges began it for itself, so that nobody else can commit it.</summary>
    public bool IsOfSave { get; init; }

    /// <summary>Whether the transaction has committed, or may have: what is added now is due at once.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>Whether it was rolled back, so that nothing is left of it.</summary>
    public bool IsRolledBack { get; private set; }

    /// <summary>Whether it is not known if the transaction still runs: what is added now is due at once, and at its end.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>Whether the transaction is over although nothing has said so: it may have been committed outside of what is seen.</summary>
    public bool HasEnded => (Owner is not null && !ReferenceEquals(Owner.CurrentTransaction?.GetDbTransaction(), Transaction))
        || (Transaction is not null && IsOver(Transaction));

    /// <summary>Whether its object runs a later transaction by now: providers use one object for many.</summary>
    public bool IsOfAnEarlierOne => (IsCommitted || IsRolledBack) && Transaction is not null && !IsOver(Transaction);

    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> Add(IReadOnlyList<Touch> touches)
    {
        lock (_gate)
        {
            if (IsCommitted)
                return touches;
            if (IsRolledBack)
                return [];
            _touches.AddRange(touches);
            if (!IsInDoubt)
                return [];
            Hold_NeedsLock();
            return touches;
        }
    }

    /// <summary>The transaction has committed.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Commit()
    {
        lock (_gate)
        {
            IsCommitted = true;
            IsInDoubt = false;
            return Clear_NeedsLock();
        }
    }

    /// <summary>Nobody will say how it ends, or a commit failed, which counts as committed (C8) and may be tried again.</summary>
    /// <returns>What is due now, and once more at the end.</returns>
    public IReadOnlyList<Touch> Doubt()
    {
        lock (_gate)
        {
            if (IsCommitted || IsRolledBack)
                return [];
            IsInDoubt = true;
            Hold_NeedsLock();
            return [.. _touches];
        }
    }

    /// <summary>The transaction was rolled back, unless it was in doubt: then it may have committed, and later than what was due.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Rollback()
    {
        lock (_gate)
        {
            IsRolledBack = true;
            var touches = Clear_NeedsLock();
            return IsInDoubt ? touches : [];
        }
    }

    /// <summary>It is over, and nothing has said how: it counts as committed.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> End() => IsOfSave ? Rollback() : Commit();

    // Some providers take the connection away from a transaction that has ended, others refuse to say how isolated it is.
    private static bool IsOver(DbTransaction transaction)
    {
        try
        {
            if (transaction.Connection is null)
                return true;
            _ = transaction.IsolationLevel;
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    private void Hold_NeedsLock()
    {
        held.Hold(_touches.Skip(_heldCount));
        _heldCount = _touches.Count;
    }

    private Touch[] Clear_NeedsLock()
    {
        Touch[] touches = [.. _touches];
        held.Release(touches.Take(_heldCount));
        _heldCount = 0;
        _touches.Clear();
        return touches;
    }
}
