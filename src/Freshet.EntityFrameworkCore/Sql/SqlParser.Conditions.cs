namespace Freshet.EntityFrameworkCore.Sql;

/// <content>Conditions: only the conjuncts at the top that equate a column are of use.</content>
internal sealed partial class SqlParser
{
    private static readonly string[] BeforeComparison = ["WHERE", "AND", "OR", "XOR", "NOT", "ON", "WHEN", "HAVING"];

    private void Condition(int start, int end, SqlScope scope, Facts facts)
    {
        var conjuncts = new List<(int From, int To)>();
        var from = start;
        var betweens = 0;
        var cases = 0;
        for (var i = start; i < end; i = Next(i))
        {
            if (Is(i, "CASE"))
                cases++;
            else if (Is(i, "END"))
                cases--;
            else if (cases > 0)
                continue;
            // With OR at the top nothing holds for sure.
            else if (Is(i, "OR") || Is(i, "XOR") || Is(i, "ON") || (IsSymbol(i, "||") && _dialect is SqlDialect.Other))
                return;
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

        conjuncts.Add((from, end));
        foreach (var (first, last) in conjuncts)
            Conjunct(first, last, scope, facts);
    }

    private void Conjunct(int start, int end, SqlScope scope, Facts facts)
    {
        if (start >= end)
            return;
        if (IsSymbol(start, "(") && _close[start] == end - 1)
        {
            if (!IsQuery(start + 1))
                Condition(start + 1, end - 1, scope, facts);
            return;
        }

        if (ColumnAt(start, out var after) is { } column)
        {
            if (IsEquals(after) && ColumnAt(after + 1, out var done) is { } other && done == end)
                facts.Equalities.Add(new Equality(scope, column, other, []));
            else if (IsEquals(after) && ValueAt(after + 1, out done) is { } value && done == end)
                facts.Equalities.Add(new Equality(scope, column, null, [value]));
            else if (IsEquals(after) && AnyOf(after + 1, end) is { } array)
                facts.Equalities.Add(new Equality(scope, column, null, [array]));
            else if (Is(after, "IN") && IsSymbol(after + 1, "(") && _close[after + 1] == end - 1 && ListOf(after + 2, end - 1) is { } list)
                facts.Equalities.Add(new Equality(scope, column, null, list));
        }
        else if (ValueAt(start, out after) is { } value && IsEquals(after) && ColumnAt(after + 1, out var done) is { } right && done == end)
            facts.Equalities.Add(new Equality(scope, right, null, [value]));
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
