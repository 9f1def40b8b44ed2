using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>From the text of a command to what it reads and writes. Pure; it ends for every text, in steps that its length bounds.</summary>
internal static class CommandAnalysis
{
    public static CommandPlan Analyse(string text, TableCatalog catalog, GuardOutcomes outcomes = default) =>
        Analyse(text, catalog, outcomes, SqlBudget.For(text));

    public static CommandPlan Analyse(string text, TableCatalog catalog, GuardOutcomes outcomes, SqlBudget budget)
    {
        var plan = Understand(text, catalog, outcomes, budget);
        // What is not understood may write anything, unless no word in it could.
        return (plan.Modifies || plan.Transaction.Steps.Count > 0) && SqlReadOnly.CannotWrite(text, catalog.Dialect) ? plan.ThatWritesNothing(catalog.Dialect) : plan;
    }

    private static CommandPlan Understand(string text, TableCatalog catalog, GuardOutcomes outcomes, SqlBudget budget)
    {
        try
        {
            return PlanCompiler.Compile(SqlParser.Parse(text, catalog.Dialect, budget), catalog, outcomes, budget);
        }
        catch (SqlBudgetExceededException)
        {
            return PlanCompiler.Compile(SqlCommandTree.NotUnderstood(catalog.Dialect, "the text is too complex"), catalog, outcomes, budget);
        }
    }
}
