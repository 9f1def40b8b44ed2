using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>Joins what a command says with what its tables mean. Pure.</summary>
internal static class PlanCompiler
{
    private static readonly Dictionary<string, IReadOnlyList<SqlValue>> None = [];

    /// <exception cref="SqlBudgetExceededException">It takes more steps than <paramref name="budget"/> has.</exception>
    public static CommandPlan Compile(SqlCommandTree tree, TableCatalog catalog, GuardOutcomes outcomes, SqlBudget budget)
    {
        var solver = new SqlSolver(tree, outcomes, budget);
        var reads = new List<TableRead>();
        var anything = tree.UnknownRead;

        foreach (var item in tree.Scopes.SelectMany(s => s.Items).Where(i => i.Table is not null))
        {
            budget.Spend();
            if (catalog.Find(item.Table!, item.Schema) is not { } tables)
            {
                anything ??= $"{item.Table} is not mapped";
                continue;
            }

            if (tables.Any(t => t.IsView))
                anything ??= $"{item.Table} is a view";
            var pinned = solver.Pinned(item);
            reads.AddRange(tables.SelectMany(t => t.Entities).Select(e => Read(e, tables.Count == 1 ? pinned : None)));
        }

        // The second net: a name that no FROM clause accounted for, and that is a table's.
        foreach (var name in tree.OtherNames.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            foreach (var table in catalog.Named(name))
            {
                if (table.IsView)
                    anything ??= $"{name} is a view";
                reads.AddRange(table.Entities.Select(e => new TableRead(e, null, null, null, null, $"{name} is named outside of FROM")));
            }
        }

        var writesAnything = tree.UnknownWrite;
        var writes = new List<TableWrite>();
        foreach (var write in tree.Writes)
        {
            if (catalog.Find(write.Target.Table!, write.Target.Schema) is not { } tables || tables.Any(t => t.IsView))
                writesAnything ??= $"{write.Target.Table} is not a mapped table";
            else
                writes.AddRange(tables.SelectMany(t => t.Entities).Select(e => Write(e, write, tables.Count == 1 ? solver.Pinned(write.Target) : None)));
        }

        return new CommandPlan
        {
            Reads = reads,
            Writes = writes,
            ReadsAnything = anything,
            WritesAnything = writesAnything,
            UnknownFunction = tree.UnknownFunction,
            Transaction = tree.Transaction,
            Guards = tree.Guards,
            Opened = Opened(tree.Guards.Count, outcomes),
        };
    }

    private static string? Opened(int guards, GuardOutcomes outcomes)
    {
        var found = Enumerable.Range(0, guards).Select(g => outcomes[g]).ToHashSet();
        if (found.Contains(GuardOutcome.Unclear))
            return "how the database judges a condition of parameters alone is not known";
        return found.Contains(GuardOutcome.Holds) ? "a condition of parameters alone is true and takes the place of others" : null;
    }

    private static TableRead Read(EntityTable table, IReadOnlyDictionary<string, IReadOnlyList<SqlValue>> pinned)
    {
        var tenant = table.Tenant is { } column ? Pin(column, pinned) : null;
        if (Pins(table.Key, pinned) is { } key)
            return new TableRead(table, tenant, key, null, null, "");
        foreach (var parent in table.Parents)
        {
            if (Pins(parent.Columns, pinned) is { } parentKey)
                return new TableRead(table, tenant, null, parent.Edge, parentKey, "");
        }

        var why = table.Key.Count == 0 ? "rows have no usable key" : "no equality on its key or a parent";
        return new TableRead(table, tenant, null, null, null, why);
    }

    private static TableWrite Write(EntityTable table, SqlWrite write, IReadOnlyDictionary<string, IReadOnlyList<SqlValue>> pinned)
    {
        var columns = write.SetColumns;
        var inserts = write.Kind is SqlWriteKind.Insert;
        var setsUnknown = write.Kind is SqlWriteKind.Update && columns is null;
        var setsKey = setsUnknown || table.Key.Any(c => Sets(c)) || (table.Tenant is { } t && Sets(t));
        // A row whose key or tenant is set is gone from where it was.
        var kind = write.Kind switch
        {
            SqlWriteKind.Insert => ChangeKind.Insert,
            SqlWriteKind.Update when !setsKey => ChangeKind.Update,
            _ => ChangeKind.Delete,
        };
        var parents = table.Entity.Parents.Where(e => e.ForeignKey.Count > 0).Select(edge =>
        {
            var parent = table.Parents.FirstOrDefault(p => p.Edge == edge);
            var known = parent is not null && !setsUnknown && !parent.Columns.Any(Sets);
            return (edge, known ? Pins(parent!.Columns, pinned) : null);
        });
        return new TableWrite(
            table,
            kind,
            inserts || setsKey || table.Tenant is not { } tenant ? null : Pin(tenant, pinned),
            inserts || setsKey ? null : Pins(table.Key, pinned),
            [.. parents]);

        bool Sets(KeyColumn column) => columns is not null && columns.Contains(column.Name, StringComparer.Ordinal);
    }

    private static Pin? Pin(KeyColumn column, IReadOnlyDictionary<string, IReadOnlyList<SqlValue>> pinned) =>
        column.Kind is not KeyKind.Unsupported && pinned.TryGetValue(column.Name, out var values) ? new Pin(column, values) : null;

    private static List<Pin>? Pins(IReadOnlyList<KeyColumn> columns, IReadOnlyDictionary<string, IReadOnlyList<SqlValue>> pinned)
    {
        if (columns.Count == 0)
            return null;
        var pins = new List<Pin>(columns.Count);
        foreach (var column in columns)
        {
            if (Pin(column, pinned) is not { } pin)
                return null;
            // The column between may compare by another collation, so that equal to it is more than equal to the value.
            if (column.Kind is KeyKind.Text && pin.Values.Any(v => v.IsDerived))
                return null;
            pins.Add(pin);
        }

        return pins;
    }
}
