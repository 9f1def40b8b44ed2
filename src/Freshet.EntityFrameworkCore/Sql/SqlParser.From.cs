namespace Freshet.EntityFrameworkCore.Sql;

/// <content>FROM: tables, joins, and the queries that stand for a table.</content>
internal sealed partial class SqlParser
{
    // Items, commas and joins, left to right. What an inner join's ON says holds for all of them; a left join's only for
    // its right side.
    private void From(int start, int end, SqlScope scope, Facts facts)
    {
        var at = Item(start, end, scope, facts);
        while (at >= 0 && at < end)
        {
            if (IsSymbol(at, ","))
            {
                at = Item(at + 1, end, scope, facts);
                continue;
            }

            var kind = "INNER";
            if (Is(at, "INNER") || Is(at, "CROSS") || Is(at, "LEFT") || Is(at, "RIGHT") || Is(at, "FULL"))
                kind = _tokens[at++].Text.ToUpperInvariant();
            else if (Is(at, "OUTER") && Is(at + 1, "APPLY"))
                kind = "LEFT";
            if (Is(at, "OUTER"))
                at++;
            if (!Is(at, "JOIN") && !Is(at, "APPLY"))
            {
                at = -1;
                break;
            }

            var own = kind is "LEFT" ? new Facts(facts) : facts;
            at = Item(at + 1, end, scope, own);
            if (at < 0 || !Is(at, "ON"))
                continue;
            var on = ++at;
            while (at < end && !IsJoin(at, on) && !Is(at, "ON"))
                at = Next(at);
            if (kind is "INNER" or "LEFT" && !scope.OnlyWhere)
                Condition(on, at, scope, own);
            Expressions(on, at, scope);
        }

        if (at < 0)
            UnknownRead("a FROM clause is not understood");
    }

    private bool IsJoin(int at, int on) => at > on && (IsSymbol(at, ",") || Is(at, "JOIN") || Is(at, "INNER") || Is(at, "CROSS") || Is(at, "NATURAL")
        || (Is(at, "OUTER") && Is(at + 1, "APPLY"))
        || ((Is(at, "LEFT") || Is(at, "RIGHT") || Is(at, "FULL")) && (Is(at + 1, "JOIN") || Is(at + 1, "OUTER"))));

    /// <returns>The token after the item; -1 when it is not understood.</returns>
    private int Item(int at, int end, SqlScope scope, Facts facts)
    {
        if (at >= end)
            return -1;
        if (Is(at, "LATERAL") || Is(at, "ONLY"))
            at++;
        if (IsSymbol(at, "("))
            return IsQuery(at + 1) ? DerivedItem(at, end, scope, facts) : JoinInParentheses(at, scope, facts);
        if (!IsName(at))
            return -1;

        var schema = default(string);
        while (IsSymbol(at + 1, ".") && IsName(at + 2))
        {
            schema = _tokens[at].Text;
            _accounted[at] = true;
            at += 2;
        }

        var name = _tokens[at].Text;
        if (IsSymbol(at + 1, "("))
            return TableFunction(at, end, schema, scope);

        var isTable = schema is not null || !_ctes.Contains(name);
        _accounted[at] = true;
        var after = at + 1;
        var alias = Alias(ref after, end) ?? name;
        // A WITH (…) hint says how to read, not what.
        if (Is(after, "WITH") && IsSymbol(after + 1, "("))
            Account(after, after = Next(after + 1));
        if (!EndsItem(after, end))
            return -1;
        if (isTable)
            scope.Items.Add(new SqlItem { Alias = DeclareAlias(alias), Table = name, Schema = schema, Scope = scope, Facts = facts });
        else
            DeclareAlias(alias);
        if (!isTable)
            _tree.OtherNames.Add(name);
        return after;
    }

    private bool EndsItem(int at, int end) => at >= end || IsSymbol(at, ",")
        || (_tokens[at].Kind is SqlTokenKind.Word
            && (Is(at, "ON") || Is(at, "JOIN") || Is(at, "INNER") || Is(at, "LEFT") || Is(at, "RIGHT") || Is(at, "FULL") || Is(at, "CROSS")
                || Is(at, "OUTER") || Is(at, "SET") || Is(at, "WHERE") || Is(at, "RETURNING") || Is(at, "USING") || Is(at, "FROM")));

    private string? Alias(ref int at, int end)
    {
        if (at < end && Is(at, "AS") && IsName(at + 1))
            at++;
        else if (at >= end || !IsName(at) || (_tokens[at].Kind is SqlTokenKind.Word && SqlWords.EndsTable(_tokens[at].Text)))
            return null;
        _accounted[at] = true;
        return _tokens[at++].Text;
    }

    private int JoinInParentheses(int at, SqlScope scope, Facts facts)
    {
        From(at + 1, _close[at], scope, facts);
        return Next(at);
    }

    private int TableFunction(int at, int end, string? schema, SqlScope scope)
    {
        if (schema is not null || _tokens[at].Kind is not SqlTokenKind.Word || !SqlWords.PureTableFunctions.Contains(_tokens[at].Text))
            UnknownRead($"the function {_tokens[at].Text} in FROM may read anything");
        var after = Next(at + 1);
        Expressions(at + 1, after, scope);
        if (Is(after, "WITH") && Is(after + 1, "ORDINALITY"))
            after += 2;
        else if (Is(after, "WITH") && IsSymbol(after + 1, "("))
            Account(after, after = Next(after + 1));
        if (Alias(ref after, end) is { } alias)
            DeclareAlias(alias);
        if (after < end && IsSymbol(after, "("))
            Account(after, after = Next(after));
        return EndsItem(after, end) ? after : -1;
    }

    private int DerivedItem(int at, int end, SqlScope scope, Facts facts)
    {
        var start = at + 1;
        var bodyEnd = _close[at];
        var after = bodyEnd + 1;
        var alias = Alias(ref after, end);
        var renames = after < end && IsSymbol(after, "(");
        if (renames)
            Account(after, after = Next(after));
        if (!EndsItem(after, end))
            return -1;

        var name = alias is null ? null : DeclareAlias(alias);
        if (Is(start, "SELECT") && Arms(start, bodyEnd).Count == 1 && ShapeOf(start, bodyEnd) is { } shape)
            Derived(shape, name, renames, scope, facts);
        else
            Query(start, bodyEnd, scope);
        return after;
    }

    private void Derived(SelectShape shape, string? alias, bool renames, SqlScope scope, Facts facts)
    {
        var columns = renames ? [] : OutputColumns(shape);
        // A plain filter is seen through: its tables are joined where it stands, and its conditions are theirs.
        if (alias is not null && shape.IsPlain && !renames && !scope.OnlyWhere && IsPlainList(shape) && !HasOuterOnLeft(shape))
        {
            scope.Items.Add(new SqlItem { Alias = alias, Scope = scope, Facts = facts, Columns = columns });
            From(shape.From + 1, shape.FromEnd, scope, facts);
            if (shape.Where >= 0)
                Condition(shape.Where + 1, shape.WhereEnd, scope, facts);
            Expressions(shape.Start + 1, shape.From, scope);
            Expressions(shape.FromEnd, shape.End, scope);
            return;
        }

        var inner = new SqlScope(scope);
        Select(shape, inner);
        if (alias is not null && !scope.OnlyWhere)
            scope.Items.Add(new SqlItem { Alias = alias, Scope = scope, Facts = facts, Columns = columns, Inner = inner });
    }

    private bool HasOuterOnLeft(SelectShape shape)
    {
        for (var i = shape.From; i < shape.FromEnd; i++)
        {
            if (Is(i, "RIGHT") || Is(i, "FULL"))
                return true;
        }

        return false;
    }

    // Without a call there is no aggregate, which would make one row of many.
    private bool IsPlainList(SelectShape shape)
    {
        for (var i = shape.Start + 1; i < shape.From; i++)
        {
            if (IsSymbol(i, "("))
                return false;
        }

        return true;
    }

    // Output columns that are plainly a column: alias.column [AS name].
    private Dictionary<string, ColumnName> OutputColumns(SelectShape shape)
    {
        var columns = new Dictionary<string, ColumnName>(StringComparer.Ordinal);
        var start = shape.Start + 1;
        for (var i = start; i <= shape.From; i = i < shape.From ? Next(i) : i + 1)
        {
            if (i < shape.From && !IsSymbol(i, ","))
                continue;
            if (ColumnAt(start, out var after) is { Alias: not null } column)
            {
                var name = after == i ? column.Column : Is(after, "AS") && after + 2 == i && IsName(after + 1) ? Normal(after + 1) : null;
                // A name that stands twice means nothing.
                if (name is not null && !columns.TryAdd(name, column))
                    columns[name] = new ColumnName(null, "");
            }

            start = i + 1;
        }

        return columns;
    }
}
