using System.Data.Common;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>One SaveChanges, from its first command on, over all the transactions in which an execution strategy tries it.</summary>
internal sealed class RunningSave
{
    private readonly List<Touch> _doubtful = [];

    /// <summary>The save inside which this one runs: an application's own interceptors may save, too.</summary>
    public RunningSave? Outer { get; init; }

    public SavedRows? Rows { get; set; }

    /// <summary>The transaction of the last attempt; its object may run another one when the save ends.</summary>
    public PendingWrites? Transaction { get; set; }

    public DbConnection? Connection { get; set; }

    /// <summary>Whether it went back to its own savepoint after its last command, so that nothing of it is left.</summary>
    public bool IsUndone { get; set; }

    /// <summary>
    /// Whether a command of it was a transaction of its own. The next command may be the next attempt of an execution
    /// strategy, after one that the database carried out and whose answer was lost.
    /// </summary>
    public bool RanByItself { get; set; }

    /// <summary>
    /// What an attempt whose outcome is not known has touched. It may have committed (C8), whatever becomes of the next one:
    /// keys that the database generated in it are never learnt.
    /// </summary>
    public IReadOnlyList<Touch> Doubtful => _doubtful;

    /// <summary>The outcome of an attempt is not known.</summary>
    /// <returns>What it may have written.</returns>
    public IReadOnlyList<Touch> Doubt(Tenant ambient)
    {
        if (Rows is null)
            return [];
        var touches = Rows.Touches(ambient);
        _doubtful.AddRange(touches);
        return touches;
    }
}
