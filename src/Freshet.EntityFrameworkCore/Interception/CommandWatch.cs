using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>One statement or several, as they are about to be sent.</summary>
internal readonly record struct Statement(string Text, CommandType Type, DbParameterCollection Parameters)
{
    public static Statement Of(DbCommand command) => new(command.CommandText, command.CommandType, command.Parameters);
}

/// <summary>Where a command runs.</summary>
/// <param name="Connection">Its connection.</param>
/// <param name="Transaction">The object that stands for its transaction.</param>
/// <param name="Ambient">The transaction in which its connection takes part, without an object that stands for it.</param>
/// <param name="MayStayOut">Whether the connection may take no part in it after all, so that what it writes is committed at once.</param>
internal readonly record struct CommandPlace(
    DbConnection? Connection, DbTransaction? Transaction, System.Transactions.Transaction? Ambient, bool MayStayOut = false)
{
    public static CommandPlace Of(DbCommand command, System.Transactions.Transaction? ambient) => new(command.Connection, command.Transaction, ambient);
}

/// <summary>A command that runs and has written, or that says something of a transaction.</summary>
internal sealed record RunningCommand(CommandPlace Place, TransactionText Text, IReadOnlyList<Touch> Touches);

/// <summary>
/// What one command means for the cache, whoever runs it: what it reads becomes dependencies of the running load before it runs;
/// what it writes is due once it has run, whether or not it is known to have succeeded (C8). Safe for concurrent use.
/// </summary>
internal sealed partial class CommandWatch(ReadReporter reads, WriteLog writes, TenantContext tenants, ILogger<CommandWatch> log)
{
    private int _saidOpen;

    public Tenant Tenant => tenants.TryGet(out var tenant) ? tenant : Tenant.Public;

    /// <summary>A command is about to run.</summary>
    /// <param name="model">The model of its tables.</param>
    /// <param name="statement">What it says.</param>
    /// <param name="place">Where it runs.</param>
    /// <param name="functionsMayWrite">Whether a function that is not known may write.</param>
    /// <returns>What <see cref="After"/> needs; null when there is nothing to do then.</returns>
    public RunningCommand? Before(ContextModel model, Statement statement, CommandPlace place, bool functionsMayWrite)
    {
        var load = LoadScope.Current;
        CommandPlan plan;
        if (statement.Type is CommandType.Text)
        {
            var known = model.TextOf(statement.Text);
            // Outside of a load only what may write, or may begin or end a transaction (C8), is of interest.
            if (load is null && known.CannotWrite)
                return null;
            plan = known.PlanFor(statement.Parameters);
        }
        else
            plan = CommandPlan.OfProcedure(model.Catalog.Dialect);

        if (load is not null)
        {
            RequireFresh(place, load);
            reads.Report(plan, statement.Parameters, model.Catalog, load);
        }

        IReadOnlyList<Touch> touches = [];
        var callsUnknown = plan.UnknownFunction is not null && functionsMayWrite;
        if (plan.Modifies || callsUnknown)
        {
            load?.DoNotStore(CacheReason.WroteDuringLoad);
            touches = CommandWrites.Touches(plan, callsUnknown, statement.Parameters, model, Tenant);
        }

        if (touches.Count == 0 && plan.Transaction.Steps.Count == 0)
            return null;
        var run = new RunningCommand(place, plan.Transaction, touches);
        if (place.Connection is { } connection)
            writes.Of(connection).Running.Add(run);
        return run;
    }

    /// <summary>A command has run, or has failed.</summary>
    /// <returns>What is due at once.</returns>
    public IReadOnlyList<Touch> After(RunningCommand? run, bool failed)
    {
        // C3: a command fails for reasons of which no record is ever made (a deadlock, a time limit).
        if (failed)
            LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);
        if (run is null)
            return [];
        var ((connection, transaction, ambient, mayStayOut), text, touches) = run;
        // A connection that was closed meanwhile has handed on what ran on it.
        if (connection is not null && !writes.Of(connection).Running.Remove(run))
            return [];
        var due = text.Steps.Count > 0 && connection is not null
            ? writes.RanInSql(transaction, connection, ambient, text, touches, failed)
            : writes.Wrote(transaction, connection, ambient, touches, failed);
        return mayStayOut ? [.. due, .. touches] : due;
    }

    // C2: every read of a load sees a state of the database from after its fence.
    private void RequireFresh(CommandPlace place, LoadScope load)
    {
        var state = place.Connection is { } connection ? writes.Of(connection) : null;
        if (place.Transaction is not null || place.Ambient is not null || System.Transactions.Transaction.Current is not null || state?.BySql is not null)
            load.DoNotStore(CacheReason.AmbientTransaction);
        // What has opened a connection in the load reads nothing from before it; on any other there may be a reader or a transaction
        // from before that nobody has told of. A nested load may be refused where those around it are not.
        for (var scope = load; scope is not null; scope = scope.Parent)
        {
            if (IsWithin(state?.OpenedIn, scope))
                return;
            scope.DoNotStore(CacheReason.OpenConnection);
            if (Interlocked.Exchange(ref _saidOpen, 1) == 0)
                LogOpen(log, scope.Key);
        }
    }

    private static bool IsWithin(LoadScope? inner, LoadScope outer)
    {
        for (; inner is not null; inner = inner.Parent)
        {
            if (ReferenceEquals(inner, outer))
                return true;
        }

        return false;
    }

    [LoggerMessage(23, LogLevel.Warning, "The load of {Key} is not stored: it reads on a connection that was open before it began, and a reader or a transaction from before may be open on it. Let Entity Framework open the connection for each command, or open it inside the load. An in-memory database of SQLite can be shared: Data Source=name;Mode=Memory;Cache=Shared. Further loads of this kind are not named.")]
    private static partial void LogOpen(ILogger logger, string key);
}
