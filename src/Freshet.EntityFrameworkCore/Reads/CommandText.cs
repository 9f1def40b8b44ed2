using System.Collections.Concurrent;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>What is known of commands with one text; analysed when somebody asks for it. Safe for concurrent use.</summary>
internal sealed class CommandText(string text, TableCatalog catalog)
{
    /// <summary>More different outcomes of one text's guards than this are not told apart.</summary>
    public const int MaxAlternatives = 64;

    // Two that analyse it at once come to the same plan.
    private volatile CommandPlan? _plan;
    private ConcurrentDictionary<GuardOutcomes, CommandPlan>? _alternatives;

    /// <summary>Whether it surely writes nothing, calls nothing unknown and says nothing of a transaction: cheap.</summary>
    public bool CannotWrite { get; } = SqlReadOnly.CannotWrite(text, catalog.Dialect);

    /// <summary>The plan that is right whatever the values.</summary>
    public CommandPlan Plan => _plan ??= CommandAnalysis.Analyse(text, catalog);

    /// <summary>The plan for the values of one execution.</summary>
    public CommandPlan PlanFor(DbParameterCollection parameters)
    {
        var plan = Plan;
        if (plan.Guards.Count == 0)
            return plan;
        var outcomes = GuardTruth.Of(plan.Guards, catalog.Dialect, parameters);
        if (outcomes == default)
            return plan;

        var alternatives = _alternatives ?? Interlocked.CompareExchange(ref _alternatives, new(), null) ?? _alternatives;
        if (alternatives.TryGetValue(outcomes, out var known))
            return known;
        return alternatives.Count < MaxAlternatives ? alternatives.GetOrAdd(outcomes, CommandAnalysis.Analyse(text, catalog, outcomes)) : plan;
    }
}
