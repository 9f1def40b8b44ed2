using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>The values that one column is pinned to.</summary>
internal readonly record struct Pin(KeyColumn Column, IReadOnlyList<SqlValue> Values);

/// <summary>One table that a command reads, as exactly as its text tells.</summary>
/// <param name="Table">The table's part in an entity type.</param>
/// <param name="Tenant">The tenant's column, when it is pinned.</param>
/// <param name="Key">The key's columns, when all are pinned.</param>
/// <param name="Parent">A parent whose columns are all pinned.</param>
/// <param name="ParentKey">Those columns.</param>
/// <param name="Why">Why it is not finer.</param>
internal sealed record TableRead(
    EntityTable Table,
    Pin? Tenant,
    IReadOnlyList<Pin>? Key,
    EntityEdge? Parent,
    IReadOnlyList<Pin>? ParentKey,
    string Why);

/// <summary>One table that a command modifies.</summary>
/// <param name="Table">The table's part in an entity type.</param>
/// <param name="Kind">What happens to its rows.</param>
/// <param name="Tenant">The tenant's column, when it is pinned.</param>
/// <param name="Key">The key's columns, when all are pinned and none is set.</param>
/// <param name="Parents">For each parent its pinned columns; null where they are not pinned or are set.</param>
internal sealed record TableWrite(
    EntityTable Table,
    ChangeKind Kind,
    Pin? Tenant,
    IReadOnlyList<Pin>? Key,
    IReadOnlyList<(EntityEdge Edge, IReadOnlyList<Pin>? Pins)> Parents);

/// <summary>
/// What a command reads and writes, known from its text and from the outcomes of its guards; the values come with each execution.
/// Immutable.
/// </summary>
internal sealed class CommandPlan
{
    public required IReadOnlyList<TableRead> Reads { get; init; }

    public required IReadOnlyList<TableWrite> Writes { get; init; }

    /// <summary>Why it may read anything of the model.</summary>
    public string? ReadsAnything { get; init; }

    /// <summary>Why it may write anything of the model.</summary>
    public string? WritesAnything { get; init; }

    /// <summary>A function that is called and may do anything.</summary>
    public string? UnknownFunction { get; init; }

    public required TransactionText Transaction { get; init; }

    /// <summary>The conditions on which it depends what else is read and written, by number: their values come with each execution.</summary>
    public IReadOnlyList<SqlGuard> Guards { get; init; } = [];

    /// <summary>Why a guard lets it read and write more than its other conditions say.</summary>
    public string? Opened { get; init; }

    /// <summary>What a stored procedure does is not known.</summary>
    public static CommandPlan OfProcedure(SqlDialect dialect)
    {
        const string why = "a stored procedure may do anything";
        var plan = new CommandPlan { Reads = [], Writes = [], ReadsAnything = why, WritesAnything = why, Transaction = new TransactionText(dialect) };
        plan.Transaction.Steps.Add(new TransactionStep(TransactionWord.MayEnd));
        return plan;
    }

    public bool Modifies => WritesAnything is not null || Writes.Count > 0;

    public CommandPlan ThatWritesNothing(SqlDialect dialect) => new()
    {
        Reads = Reads,
        Writes = [],
        ReadsAnything = ReadsAnything ?? WritesAnything,
        UnknownFunction = UnknownFunction,
        Transaction = new TransactionText(dialect),
        Guards = Guards,
        Opened = Opened,
    };
}
