namespace Freshet.EntityFrameworkCore.Sql;

/// <content>Conditions: the conjuncts that equate a column, at the top or where a guard leaves nothing else.</content>
internal sealed partial class SqlParser
{
    private static readonly string[] BeforeComparison = ["WHERE", "AND", "OR", "XOR", "NOT", "ON", "WHEN", "HAVING"];

    private void Condition(int start, int end, SqlScope scope, Facts facts) => Hold(ConditionOf(start, end, scope), facts);

    private void Hold(SqlCondition condition, Facts facts)
    {
        switch (condition)
        {
            case SqlCondition.Pins pins:
                facts.Equalities.Add(pins.Equality);
                break;
            case SqlCondition.All all:
                foreach (var part in all.Of)
                    Hold(part, facts);
                break;
            case SqlCondition.Any any:
                facts.Guarded.Add(Numbered(any));
                break;
        }
    }

    private SqlCondition ConditionOf(int start, int end, SqlScope scope)
    {
        var arms = new List<SqlCondition>();
        var conjuncts = new List<(int From, int To)>();
        var from = start;
        var betweens = 0;
        var cases = 0;
        for (var i = start; i < end; i = Next(i))
        {
            if (IsKeyword(i, "CASE"))
                cases++;
            // More ends than cases: one of them is a name, and what is inside of a case is not known.
            else if (IsKeyword(i, "END") && --cases < 0)
                return SqlCondition.Unknown;
            else if (cases > 0)
                continue;
            else if (Is(i, "XOR") || Is(i, "ON") || (IsSymbol(i, "||") && _dialect is SqlDialect.Other))
                return SqlCondition.Unknown;
            else if (Is(i, "OR"))
            {
                conjuncts.Add((from, i));
                arms.Add(AllOf(conjuncts, scope));
                conjuncts.Clear();
                betweens = 0;
                from = i + 1;
            }
            else if (Is(i, "BETWEEN"))
                betweens++;
            else if (Is(i, "AND") && betweens > 0)
                betweens--;
            else if (Is(i, "AND"))
            {
                conjuncts.Add((from, i));
                from = i + 1;
            }
        }

        if (cases != 0)
            return SqlCondition.Unknown;
        conjuncts.Add((from, end));
        arms.Add(AllOf(conjuncts, scope));
        return arms.Count == 1 ? arms[0] : AnyOf(arms);
    }

    // Behind a point it is the name of a column.
    private bool IsKeyword(int at, string word) => Is(at, word) && !IsSymbol(at - 1, ".");

    private SqlCondition AllOf(List<(int From, int To)> conjuncts, SqlScope scope)
    {
        if (conjuncts.Count == 1)
            return Conjunct(conjuncts[0].From, conjuncts[0].To, scope);
        var all = conjuncts.ConvertAll(c => Conjunct(c.From, c.To, scope));
        return GuardOf(all, isAnd: true) ?? (SqlCondition)new SqlCondition.All(all);
    }

    // Without a guard nothing is ever ruled out, so nothing holds for sure.
    private static SqlCondition AnyOf(List<SqlCondition> arms)
    {
        if (!arms.Exists(a => a.HasGuard))
            return SqlCondition.Unknown;
        return GuardOf(arms, isAnd: false) ?? (SqlCondition)new SqlCondition.Any(arms);
    }

    private SqlCondition Conjunct(int start, int end, SqlScope scope)
    {
        var from = start;
        while (Is(start, "NOT"))
            start++;
        if (start >= end)
            return SqlCondition.Unknown;
        if (start > from)
            return Negated(start, end, scope, isNot: (start - from) % 2 == 1);
        if (IsSymbol(start, "(") && _close[start] == end - 1)
            return IsQuery(start + 1) ? SqlCondition.Unknown : ConditionOf(start + 1, end - 1, scope);
        if (IsKeyword(start, "CASE"))
            return Case(start, end, scope);
        return EqualityAt(start, end, scope) is { } equality ? new SqlCondition.Pins(equality) : Guarded(GuardAt(start, end, scope));
    }

    private Equality? EqualityAt(int start, int end, SqlScope scope)
    {
        if (ColumnAt(start, out var after) is { } column)
        {
            if (IsEquals(after) && ColumnAt(after + 1, out var done) is { } other && done == end)
                return new Equality(scope, column, other, []);
            if (IsEquals(after) && ValueAt(after + 1, out done) is { } value && done == end)
                return new Equality(scope, column, null, [value]);
            if (IsEquals(after) && AnyOf(after + 1, end) is { } array)
                return new Equality(scope, column, null, [array]);
            if (Is(after, "IN") && IsSymbol(after + 1, "(") && _close[after + 1] == end - 1 && ListOf(after + 2, end - 1) is { } list)
                return new Equality(scope, column, null, list);
        }
        else if (ValueAt(start, out after) is { } value && IsEquals(after) && ColumnAt(after + 1, out var done) is { } right && done == end)
            return new Equality(scope, right, null, [value]);

        return null;
    }

    private bool IsEquals(int at) => IsSymbol(at, "=") || IsSymbol(at, "==");

    /// <summary>column or alias.column.</summary>
    private ColumnName? ColumnAt(int at, out int after)
    {
        after = at;
        if (!IsName(at) || IsLiteralWord(at))
            return null;
        var dotted = IsSymbol(at + 1, ".") && IsName(at + 2);
        after = dotted ? at + 3 : at + 1;
        if (IsSymbol(after, ".") || IsSymbol(after, "("))
            return null;
        // MySQL reads "Id" as a string.
        if (!dotted && _tokens[at].Kind is SqlTokenKind.Quoted && _dialect is SqlDialect.Other)
            return null;
        return dotted ? new ColumnName(_tokens[at].Text, Normal(at + 2)) : new ColumnName(null, Normal(at));
    }

    private bool IsLiteralWord(int at) => Is(at, "TRUE") || Is(at, "FALSE") || Is(at, "NULL");

    private SqlValue? ValueAt(int at, out int after)
    {
        after = at + 1;
        if (at >= _tokens.Count)
            return null;
        var token = _tokens[at];
        if (token.IsSymbol("-") && at + 1 < _tokens.Count && _tokens[at + 1].Kind is SqlTokenKind.Number)
        {
            after = at + 2;
            return new SqlValue(_tokens[at + 1], IsNegative: true);
        }

        return token.Kind is SqlTokenKind.Number or SqlTokenKind.Text
            || (token.Kind is SqlTokenKind.Parameter && token.Text != "?" && !_assigned.Contains(token.Text[1..]))
            || token.Is("TRUE") || token.Is("FALSE")
                ? new SqlValue(token)
                : null;
    }

    // = ANY (@parameter)
    private SqlValue? AnyOf(int at, int end) => Is(at, "ANY") && IsSymbol(at + 1, "(") && at + 4 == end && _close[at + 1] == at + 3
        && _tokens[at + 2].Kind is SqlTokenKind.Parameter
            ? new SqlValue(_tokens[at + 2], IsArray: true)
            : null;

    // The parameters that the text itself may give another value, where the database has such statements: SET @p = …,
    // SELECT @p = …, UPDATE … SET @p = …, … INTO @p, @p := ….
    private HashSet<string> Assigned()
    {
        var assigned = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        if (_dialect is SqlDialect.Sqlite or SqlDialect.PostgreSql)
            return assigned;
        // Of a list of parameters: the first.
        var first = 0;
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (_tokens[i].Kind is not SqlTokenKind.Parameter)
                continue;
            if (i < 2 || !IsSymbol(i - 1, ",") || _tokens[i - 2].Kind is not SqlTokenKind.Parameter)
                first = i;
            if (IsAssigned(i, first))
                assigned.Add(_tokens[i].Text[1..]);
        }

        return assigned;
    }

    private bool IsAssigned(int at, int first)
    {
        if (Is(first - 1, "INTO") || IsSymbol(at + 1, ":=") || Is(at + 1, "OUTPUT") || Is(at + 1, "OUT"))
            return true;
        // @p += 1
        if (at + 2 < _tokens.Count && _tokens[at + 1].Kind is SqlTokenKind.Symbol && !IsSymbol(at + 1, "=") && IsSymbol(at + 2, "="))
            return true;
        return IsSymbol(at + 1, "=") && !IsSymbol(at - 1, "(") && !Array.Exists(BeforeComparison, w => Is(at - 1, w));
    }

    private List<SqlValue>? ListOf(int start, int end)
    {
        var values = new List<SqlValue>();
        for (var i = start; i < end; i++)
        {
            if (ValueAt(i, out var after) is not { } value || (after < end && !IsSymbol(after, ",")))
                return null;
            values.Add(value);
            i = after;
        }

        return values.Count > 0 ? values : null;
    }
}
