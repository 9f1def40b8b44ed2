namespace Freshet.EntityFrameworkCore.Sql;

/// <content>SELECT: its arms and its clauses.</content>
internal sealed partial class SqlParser
{
    private static readonly string[] SetOperations = ["UNION", "INTERSECT", "EXCEPT", "MINUS"];
    private static readonly string[] Clauses = ["FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "OFFSET", "FETCH", "FOR", "OPTION"];

    /// <summary>The clauses of one SELECT: where each begins (its keyword), or -1.</summary>
    private sealed record SelectShape(int Start, int End, int From, int FromEnd, int Where, int WhereEnd, bool IsPlain);

    private void Query(int start, int end, SqlScope? around)
    {
        if (start >= end)
            return;
        if (Is(start, "WITH"))
        {
            With(start, end, around);
            return;
        }

        if (Arms(start, end) is { Count: > 1 } arms)
        {
            foreach (var (from, to) in arms)
                Query(from, to, around);
            return;
        }

        if (IsSymbol(start, "("))
        {
            // What follows a query in parentheses is ORDER BY, LIMIT and the like.
            Query(start + 1, _close[start], around);
            Expressions(_close[start] + 1, end, new SqlScope(around));
            return;
        }

        if (Is(start, "SELECT") && ShapeOf(start, end) is { } shape)
            Select(shape, new SqlScope(around));
        else if (Is(start, "VALUES"))
            Expressions(start, end, new SqlScope(around));
        else
            UnknownRead("a query is not understood");
    }

    private List<(int From, int To)> Arms(int start, int end)
    {
        var arms = new List<(int, int)>();
        var from = start;
        for (var i = start; i < end; i = Next(i))
        {
            if (_tokens[i].Kind is not SqlTokenKind.Word || !SetOperations.Any(w => Is(i, w)))
                continue;
            arms.Add((from, i));
            from = Is(i + 1, "ALL") || Is(i + 1, "DISTINCT") ? i + 2 : i + 1;
        }

        arms.Add((from, end));
        return arms;
    }

    private SelectShape? ShapeOf(int start, int end)
    {
        var at = new int[Clauses.Length];
        Array.Fill(at, -1);
        var last = -1;
        for (var i = start + 1; i < end; i = Next(i))
        {
            if (Is(i, "INTO"))
            {
                UnknownWrite("SELECT INTO");
                return null;
            }

            var clause = Array.FindIndex(Clauses, c => Is(i, c));
            if (clause < 0 || !IsClause(i, clause))
                continue;
            // A clause out of its order is a column of that name, or something else that is not understood.
            if (clause < last || (clause == last && clause < 6) || i + 1 >= end || _tokens[i + 1].Text is "=" or "." or "," or ")" or "<" or ">")
                return null;
            at[clause] = i;
            last = Math.Max(last, Math.Min(clause, 6));
        }

        var from = at[0];
        var where = at[1];
        var afterWhere = EndOf(2);
        var afterFrom = where >= 0 ? where : afterWhere;
        var onlyOrders = EndOf(6) == end && at[2] < 0 && at[3] < 0 && at[4] < 0;
        var isPlain = onlyOrders && !Is(start + 1, "DISTINCT") && !Is(start + 1, "TOP");
        if (where >= 0 && from < 0)
            return null;
        return new SelectShape(start, end, from, from < 0 ? -1 : afterFrom, where, where < 0 ? -1 : afterWhere, isPlain && from >= 0);

        int EndOf(int clause)
        {
            var first = end;
            for (var c = clause; c < at.Length; c++)
            {
                if (at[c] >= 0)
                    first = Math.Min(first, at[c]);
            }

            return first;
        }
    }

    private bool IsClause(int at, int clause)
    {
        var before = _tokens[at - 1];
        if (before.Kind is SqlTokenKind.Symbol && before.Text is not ")" and not "*" and not "]")
            return false;
        if (before.Is("AS") || before.Is("AND") || before.Is("OR") || before.Is("NOT") && clause != 0)
            return false;
        if (before.Is("WITHIN"))
            return false;
        // IS [NOT] DISTINCT FROM
        return !(clause == 0 && before.Is("DISTINCT") && (Is(at - 2, "IS") || Is(at - 2, "NOT")));
    }

    private void Select(SelectShape shape, SqlScope scope)
    {
        _tree.Scopes.Add(scope);
        if (shape.From >= 0)
        {
            scope.OnlyWhere = Enumerable.Range(shape.From, shape.FromEnd - shape.From).Any(i => Is(i, "RIGHT") || Is(i, "FULL"));
            From(shape.From + 1, shape.FromEnd, scope, scope.Facts);
        }

        if (shape.Where >= 0)
            Condition(shape.Where + 1, shape.WhereEnd, scope, scope.Facts);

        Expressions(shape.Start + 1, shape.From >= 0 ? shape.From : shape.End, scope);
        if (shape.Where >= 0)
            Expressions(shape.Where + 1, shape.End, scope);
        else if (shape.From >= 0)
            Expressions(shape.FromEnd, shape.End, scope);
    }
}
