using System.Data;
using System.Data.Common;
using System.Transactions;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Writes;

/// <summary>
/// What is known of one connection: who opened it, the transaction that runs on it, and what was written where a transaction may
/// run that nobody has told of. Not thread-safe, as the connection is not.
/// </summary>
internal sealed class ConnectionState
{
    // Of more tags their types are held.
    private const int MostUnseen = 256;

    private readonly WriteLog _writes;
    private PendingWrites? _unseen;
    private int _unseenCount;
    private bool _wroteUnseen;

    public ConnectionState(DbConnection connection, WriteLog writes)
    {
        _writes = writes;
        connection.StateChange += OnStateChange;
    }

    /// <summary>The transaction that was begun in SQL, while it is open or may be.</summary>
    public SqlTransaction? BySql { get; set; }

    /// <summary>The transaction object that was last seen on it.</summary>
    public PendingWrites? Current { get; private set; }

    /// <summary>The commands that run on it, with readers that are open, and have something to hand on.</summary>
    public List<RunningCommand> Running { get; } = [];

    /// <summary>The load in which it was seen to be opened; null when that was outside of loads, or was not seen.</summary>
    public LoadScope? OpenedIn { get; private set; }

    /// <summary>
    /// Whether it was open when the operation that runs began: then a transaction may run on it that nobody has told of. What
    /// opens a connection for itself runs alone.
    /// </summary>
    public bool IsHeld { get; set; }

    /// <summary>Whether Entity Framework closes it, and says so when that is done.</summary>
    public bool IsClosing { get; set; }

    /// <summary>The transaction in which it takes part without an object that stands for it, as far as that was seen.</summary>
    public Transaction? Enlisted { get; private set; }

    /// <summary>The transaction object that runs on it: providers run a command in it that names none.</summary>
    public DbTransaction? RunningTransaction =>
        Current is { IsCommitted: false, IsRolledBack: false, HasEnded: false } running ? running.Transaction : null;

    public void Opened()
    {
        OpenedIn = LoadScope.Current;
        Enlist(Transaction.Current);
    }

    /// <summary>It takes part in a transaction from now on. One that has ended is asked how, after its owner has disposed it.</summary>
    public void Enlist(Transaction? transaction)
    {
        if (transaction != Enlisted)
            Enlisted = transaction?.Clone();
    }

    /// <summary>The transaction is the one that runs on the connection: others have ended.</summary>
    /// <returns>What is due, of those before.</returns>
    public IReadOnlyList<Touch> Meet(PendingWrites pending)
    {
        var due = ReferenceEquals(Current, pending) ? [] : Current?.End() ?? [];
        Current = pending;
        return [.. due, .. EndUnseen()];
    }

    /// <summary>A command comes: what is written without a transaction now belongs to whatever may run unseen.</summary>
    /// <returns>What is due, of a transaction whose end was not seen.</returns>
    public IReadOnlyList<Touch> Notice()
    {
        List<Touch> due = [];
        if (Current is { HasEnded: true } ended)
        {
            due.AddRange(ended.End());
            Current = null;
        }

        if (_wroteUnseen)
        {
            // It may have been committed since; it is known to have ended only when the connection closes.
            _wroteUnseen = false;
            due.AddRange(_unseen!.Doubt());
        }

        return due;
    }

    /// <summary>Something was written without a transaction that is known, on a connection that was open before.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> WroteUnseen(IReadOnlyList<Touch> touches)
    {
        if (_unseen is null)
        {
            _unseen = new PendingWrites(_writes.Held);
            _unseen.Doubt();
        }

        _wroteUnseen = true;
        _unseenCount += touches.Count;
        if (_unseenCount > MostUnseen)
        {
            IReadOnlyList<Touch> before = _unseen.End();
            _unseen = new PendingWrites(_writes.Held);
            _unseen.Doubt();
            touches = [.. before.Concat(touches).Select(t => t with { Tag = TypeOf(t.Tag) }).DistinctBy(t => (t.Tenant, t.Tag))];
            _unseenCount = 0;
        }

        return _unseen.Add(touches);
    }

    /// <returns>What is due when the connection is closed: how its transactions ended is not known.</returns>
    public IReadOnlyList<Touch> Closed()
    {
        // A reader that nobody closed ends with the connection, and nobody says how.
        List<Touch> due = [.. Current?.End() ?? [], .. EndUnseen(), .. BySql?.Closed() ?? [], .. Running.SelectMany(r => _writes.Wrote(default(PendingWrites), null, r.Place.Ambient, r.Touches))];
        Running.Clear();
        (Current, BySql, OpenedIn, Enlisted, IsHeld, IsClosing) = (null, null, null, null, false, false);
        return due;
    }

    private static Tag TypeOf(Tag tag) => tag.Segments.Length > 1 ? Tag.Of(tag.Segments[0]) : tag;

    private IReadOnlyList<Touch> EndUnseen()
    {
        var due = _unseen?.End() ?? [];
        (_unseen, _unseenCount, _wroteUnseen) = (null, 0, false);
        return due;
    }

    // Whoever opens or closes it, by whatever means.
    private void OnStateChange(object? sender, StateChangeEventArgs e)
    {
        if (e.CurrentState is System.Data.ConnectionState.Open && e.OriginalState is System.Data.ConnectionState.Closed)
            Opened();
        else if (e.CurrentState is System.Data.ConnectionState.Closed && !IsClosing)
            _writes.Invalidate(Closed());
    }
}
