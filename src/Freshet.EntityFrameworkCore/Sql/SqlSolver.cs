namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>
/// Which columns of an item are pinned to which values, by the conjuncts that hold for its rows when the guards have these
/// outcomes.
/// </summary>
internal sealed class SqlSolver
{
    private static readonly Dictionary<ColumnName, IReadOnlyList<SqlValue>> Nothing = [];

    private readonly SqlCommandTree _tree;
    private readonly GuardOutcomes _outcomes;
    private readonly SqlBudget _budget;
    private readonly Dictionary<string, SqlItem> _items = new(StringComparer.OrdinalIgnoreCase);

    // Each group of conjuncts is solved once, alone and inside its scope.
    private readonly Dictionary<(Facts Facts, SqlScope? Around), Dictionary<ColumnName, IReadOnlyList<SqlValue>>> _solved = [];

    private int _depth;

    public SqlSolver(SqlCommandTree tree, GuardOutcomes outcomes, SqlBudget budget)
    {
        _tree = tree;
        _outcomes = outcomes;
        _budget = budget;
        foreach (var item in tree.Scopes.SelectMany(s => s.Items).Concat(tree.Writes.Select(w => w.Target)))
            _items[item.Alias] = item;
    }

    /// <summary>The values of the item's columns that are known, by the column's normal name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<SqlValue>> Pinned(SqlItem item)
    {
        var pinned = new Dictionary<string, IReadOnlyList<SqlValue>>(StringComparer.Ordinal);
        if (_tree.AmbiguousAliases.Contains(item.Alias))
            return pinned;

        foreach (var (column, values) in Solve(item.Facts, item.Scope.Around))
        {
            if (string.Equals(column.Alias, item.Alias, StringComparison.OrdinalIgnoreCase))
                pinned[column.Column] = values;
        }

        return pinned;
    }

    private Dictionary<ColumnName, IReadOnlyList<SqlValue>> Solve(Facts facts, SqlScope? around)
    {
        if (_solved.TryGetValue((facts, around), out var solved))
            return solved;
        // A derived table that names a column of itself, by way of others: from that nothing more is concluded.
        _solved[(facts, around)] = Nothing;
        if (++_depth > SqlBudget.MaxDepth)
            throw new SqlBudgetExceededException();
        solved = Propagate(facts, around);
        _depth--;
        return _solved[(facts, around)] = solved;
    }

    private Dictionary<ColumnName, IReadOnlyList<SqlValue>> Propagate(Facts facts, SqlScope? around)
    {
        var equalities = Holding(facts, around);
        var values = new Dictionary<ColumnName, IReadOnlyList<SqlValue>>();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var equality in equalities)
            {
                _budget.Spend();
                if (Resolve(equality.Left, equality.Scope) is not { } left)
                    continue;
                if (equality.Right is null)
                {
                    changed |= values.TryAdd(left, equality.Values);
                    continue;
                }

                if (Resolve(equality.Right.Value, equality.Scope) is not { } right)
                    continue;
                if (!values.ContainsKey(right) && ValuesOf(left) is { } ofLeft)
                    changed |= values.TryAdd(right, Derived(ofLeft));
                if (!values.ContainsKey(left) && ValuesOf(right) is { } ofRight)
                    changed |= values.TryAdd(left, Derived(ofRight));
            }
        }

        return values;

        IReadOnlyList<SqlValue> Derived(IReadOnlyList<SqlValue> values)
        {
            _budget.Spend(values.Count);
            return [.. values.Select(v => v with { IsDerived = true })];
        }

        IReadOnlyList<SqlValue>? ValuesOf(ColumnName column) => values.GetValueOrDefault(column) ?? Constant(column);
    }

    // What holds for an item holds for what its scope is nested in, too: a row that the outer WHERE drops has no part in
    // the result, whatever a query inside it says. An equality with a column of an outer-joined item can only be true when
    // that item was joined, so that item's ON holds as well.
    private List<Equality> Holding(Facts facts, SqlScope? around)
    {
        var taken = new HashSet<Facts>();
        var equalities = new List<Equality>();
        for (Facts? f = facts; f is not null; f = f.Around)
            Take(f);
        for (var scope = around; scope is not null; scope = scope.Around)
            Take(scope.Facts);

        for (var i = 0; i < equalities.Count; i++)
        {
            Join(equalities[i].Left, equalities[i].Scope);
            if (equalities[i].Right is { } right)
                Join(right, equalities[i].Scope);
        }

        return equalities;

        void Take(Facts group)
        {
            _budget.Spend();
            if (!taken.Add(group))
                return;
            equalities.AddRange(group.Equalities);
            foreach (var condition in group.Guarded)
                Conclude(condition);
        }

        // Of a disjunction the one part that can be true must be, when there is but one.
        void Conclude(SqlCondition condition)
        {
            _budget.Spend();
            switch (condition)
            {
                case SqlCondition.Pins pins:
                    equalities.Add(pins.Equality);
                    break;
                case SqlCondition.All all:
                    foreach (var part in all.Of)
                        Conclude(part);
                    break;
                case SqlCondition.Any any:
                    _budget.Spend(any.Of.Count);
                    if (any.Of.Where(c => c.CanHold(_outcomes)).Take(2).ToList() is [var only])
                        Conclude(only);
                    break;
            }
        }

        void Join(ColumnName column, SqlScope scope)
        {
            if (Resolve(column, scope) is { Alias: { } alias })
            {
                for (Facts? f = _items[alias].Facts; f is not null; f = f.Around)
                    Take(f);
            }
        }
    }

    // A column of a derived table that cannot be seen through, constant by what is inside it.
    private IReadOnlyList<SqlValue>? Constant(ColumnName column)
    {
        if (column.Alias is null || _items.GetValueOrDefault(column.Alias) is not { Inner: { } inner, Columns: { } columns })
            return null;
        return columns.TryGetValue(column.Column, out var source) && Resolve(source, inner) is { } resolved
            ? Solve(inner.Facts, around: null).GetValueOrDefault(resolved)
            : null;
    }

    private ColumnName? Resolve(ColumnName column, SqlScope scope)
    {
        // A derived table may name itself, or another that names it.
        for (var hops = 0; hops <= SqlBudget.MaxDepth && column.Column.Length > 0; hops++)
        {
            _budget.Spend();
            if (ItemOf(column, scope) is not { } item)
                return null;
            if (item is not { Columns: { } columns, Inner: null })
                return new ColumnName(item.Alias, column.Column);
            if (!columns.TryGetValue(column.Column, out column))
                return null;
            scope = item.Scope;
        }

        return null;
    }

    private SqlItem? ItemOf(ColumnName column, SqlScope scope)
    {
        // Without an alias: only where there is one table, which then comes before anything around it.
        var alias = column.Alias;
        if (alias is null && scope.Items is [{ Table: not null } single])
            alias = single.Alias;
        return alias is null || _tree.AmbiguousAliases.Contains(alias) ? null : _items.GetValueOrDefault(alias);
    }
}
