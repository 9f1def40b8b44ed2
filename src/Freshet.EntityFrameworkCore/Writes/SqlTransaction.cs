using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// What has been written on a connection since a transaction was begun there in SQL. Where it is not known how far a text
/// got, the transaction is in doubt: what is written then is due at once, and once more when it ends. Not thread-safe, as
/// the connection is not.
/// </summary>
internal sealed class SqlTransaction(HeldWrites held)
{
    private PendingWrites _pending = new(held);

    // What was begun and not ended: null for BEGIN, the name for a savepoint. The first one is the transaction's own.
    private readonly List<string?> _levels = [];
    private bool _inDoubt;

    public bool IsOpen => _levels.Count > 0 || _inDoubt;

    /// <summary>A command has written, or may have.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> Wrote(IReadOnlyList<Touch> touches, bool failed)
    {
        _pending.Add(touches);
        var due = _inDoubt ? touches : [];
        // There are errors by which a database ends the transaction.
        _inDoubt |= failed;
        return due;
    }

    /// <summary>A text has run that says something about the transaction.</summary>
    /// <returns>What is due.</returns>
    public IReadOnlyList<Touch> Ran(TransactionText text, IReadOnlyList<Touch> touches, bool failed)
    {
        if (failed || text.IsUnclear)
        {
            _inDoubt = true;
            var due = text.MayCommit ? _pending.Doubt() : [];
            _pending.Add(touches);
            return [.. due, .. touches];
        }

        var wasOpen = _levels.Count > 0 && !_inDoubt;
        var ended = false;
        foreach (var step in text.Steps)
            ended |= Ends(step, text);

        // What was written before the first BEGIN, or around an end, may have been committed.
        var isPending = !ended && IsOpen && !_inDoubt && (wasOpen || text.BeginsWithStep);
        IReadOnlyList<Touch> before = !ended ? []
            : _inDoubt ? _pending.Doubt()
            : Restart(text.IsRollback ? _pending.Rollback() : _pending.Commit());
        if (IsOpen)
            _pending.Add(touches);
        if (text.IsRollback)
            return before;
        return isPending ? before : [.. before, .. touches];
    }

    /// <returns>What is due when the connection is closed: how the transaction ended is not known.</returns>
    public IReadOnlyList<Touch> Closed() => _pending.Commit();

    private IReadOnlyList<Touch> Restart(IReadOnlyList<Touch> due)
    {
        _pending = new PendingWrites(held);
        return due;
    }

    /// <returns>Whether the transaction has ended, or may have.</returns>
    private bool Ends(TransactionStep step, TransactionText text)
    {
        switch (step.Word)
        {
            case TransactionWord.Begin:
                var mayEnd = text.BeginMayCommit && IsOpen;
                if (_inDoubt && text.BeginsAnew)
                {
                    _levels.Clear();
                    _inDoubt = false;
                }

                _inDoubt |= mayEnd;
                _levels.Add(null);
                return mayEnd;
            case TransactionWord.MayEnd:
                _inDoubt |= IsOpen;
                return IsOpen;
            case TransactionWord.Savepoint:
                _levels.Add(step.Name);
                return false;
            case TransactionWord.RollbackTo:
                if (IndexOf(step) is >= 0 and var back)
                    _levels.RemoveRange(back + 1, _levels.Count - back - 1);
                return false;
            case TransactionWord.Release when _inDoubt || IndexOf(step) < 0:
                _inDoubt = true;
                return true;
            case TransactionWord.Release when IndexOf(step) is > 0 and var at:
                _levels.RemoveRange(at, _levels.Count - at);
                return false;
            // SQL Server counts BEGINs, for PostgreSQL the second is only a warning: it may have ended, or not.
            case TransactionWord.Commit when _levels.Count(l => l is null) > 1:
                _inDoubt = true;
                return true;
            default:
                _levels.Clear();
                _inDoubt = false;
                return true;
        }
    }

    private int IndexOf(TransactionStep step) => _levels.FindLastIndex(l => string.Equals(l, step.Name, StringComparison.OrdinalIgnoreCase));
}
