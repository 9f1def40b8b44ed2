using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>What is known of commands with one text; analysed when somebody asks for it. Safe for concurrent use.</summary>
internal sealed class CommandText(string text, TableCatalog catalog)
{
    // Two that analyse it at once come to the same plan.
    private volatile CommandPlan? _plan;

    /// <summary>Whether it surely writes nothing, calls nothing unknown and says nothing of a transaction: cheap.</summary>
    public bool CannotWrite { get; } = SqlReadOnly.CannotWrite(text, catalog.Dialect);

    public CommandPlan Plan => _plan ??= CommandAnalysis.Analyse(text, catalog);
}
