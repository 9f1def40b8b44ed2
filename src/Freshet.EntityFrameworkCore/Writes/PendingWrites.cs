using System.Data.Common;
using System.Runtime.CompilerServices;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>What a transaction has written so far and what of it has been undone. Safe for concurrent use.</summary>
internal sealed class PendingWrites
{
    private readonly Lock _gate = new();
    private readonly List<Touch> _touches = [];
    private readonly List<int> _savepoints = [];
    private bool _savepointsUnclear;

    /// <summary>Whether the transaction has committed, or may have: what is added now is due at once.</summary>
    public bool IsCommitted { get; private set; }

    /// <summary>Whether it is not known if the transaction still runs: what is added now is due at once, and at its commit.</summary>
    public bool IsInDoubt { get; private set; }

    public void Add(IReadOnlyList<Touch> touches)
    {
        lock (_gate)
            _touches.AddRange(touches);
    }

    /// <summary>The transaction has committed.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Commit()
    {
        lock (_gate)
        {
            IsCommitted = true;
            IsInDoubt = false;
            Touch[] due = [.. _touches];
            _touches.Clear();
            return due;
        }
    }

    /// <summary>A commit failed: it counts as committed (C8), but it may be tried again, and then everything is due once more.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Doubt()
    {
        lock (_gate)
        {
            IsInDoubt = true;
            return [.. _touches];
        }
    }

    /// <summary>The transaction was rolled back, unless it was in doubt: then it may have committed, and later than what was due.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Rollback()
    {
        lock (_gate)
        {
            Touch[] due = IsInDoubt ? [.. _touches] : [];
            _touches.Clear();
            return due;
        }
    }

    public void Savepoint()
    {
        lock (_gate)
            _savepoints.Add(_touches.Count);
    }

    /// <summary>Events do not name the savepoint: with more than one it is not known which is meant, so nothing is forgotten.</summary>
    public void RollbackToSavepoint()
    {
        lock (_gate)
        {
            if (!_savepointsUnclear && _savepoints is [var count])
                _touches.RemoveRange(count, _touches.Count - count);
        }
    }

    public void ReleaseSavepoint()
    {
        lock (_gate)
        {
            if (_savepoints.Count == 1)
                _savepoints.Clear();
            else
                _savepointsUnclear = true;
        }
    }
}

/// <summary>The pending writes of each transaction, for as long as the transaction lives.</summary>
internal sealed class PendingTransactions
{
    private readonly ConditionalWeakTable<DbTransaction, PendingWrites> _byTransaction = [];

    public PendingWrites Of(DbTransaction transaction) => _byTransaction.GetOrCreateValue(transaction);

    /// <summary>A transaction begins. Providers reuse the object of one that has ended.</summary>
    public void Start(DbTransaction transaction) => _byTransaction.AddOrUpdate(transaction, new PendingWrites());

    /// <summary>A context joins a transaction.</summary>
    /// <returns>Whether it was begun where its commit can be seen.</returns>
    public bool Join(DbTransaction transaction)
    {
        if (_byTransaction.TryGetValue(transaction, out var pending) && !pending.IsCommitted)
            return true;
        Start(transaction);
        return false;
    }
}
