using System.Globalization;
using System.Text;

namespace Freshet.EntityFrameworkCore.Sql;

/// <content>Guards: conditions that are made of parameters and constants alone.</content>
internal sealed partial class SqlParser
{
    /// <summary>A guard is judged at every execution: longer ones stay unclear.</summary>
    private const int MaxGuardTokens = 100;
    private const int MaxBranches = 8;
    private const int MaxNestedCases = 4;

    private readonly Dictionary<string, int> _guardNumbers = new(StringComparer.Ordinal);
    private int _cases;

    private static SqlCondition Guarded(SqlGuard? guard) => guard is null ? SqlCondition.Unknown : new SqlCondition.Guarded(guard);

    // Nothing but guards: one guard.
    private static SqlCondition.Guarded? GuardOf(List<SqlCondition> parts, bool isAnd)
    {
        var guards = new List<SqlGuard>();
        foreach (var part in parts)
        {
            if (part is not SqlCondition.Guarded { IsNot: false } guarded)
                return null;
            guards.Add(guarded.Guard);
        }

        return new SqlCondition.Guarded(new SqlGuard.Several(guards, isAnd));
    }

    private SqlCondition Negated(int start, int end, SqlScope scope, bool isNot)
    {
        // In MySQL NOT may bind before a comparison.
        if (_dialect is SqlDialect.Other && (!IsSymbol(start, "(") || _close[start] != end - 1))
            return SqlCondition.Unknown;
        if (Conjunct(start, end, scope) is not SqlCondition.Guarded { IsNot: false } guarded)
            return SqlCondition.Unknown;
        // Twice makes a truth value of any value.
        var not = new SqlGuard.Not(guarded.Guard);
        return new SqlCondition.Guarded(isNot ? not : new SqlGuard.Not(not));
    }

    private SqlGuard? GuardAt(int start, int end, SqlScope scope)
    {
        if (end - start > MaxGuardTokens || OperandAt(start, scope, out var after) is not { } left)
            return null;
        if (after == end)
            return left;
        if (Is(after, "IS"))
            return TestAt(left, after + 1, end);
        var isEqual = IsEquals(after);
        if (!isEqual && !IsSymbol(after, "<>") && !IsSymbol(after, "!="))
            return null;
        return OperandAt(after + 1, scope, out after) is { } right && after == end ? new SqlGuard.Comparison(left, right, isEqual) : null;
    }

    // IS [NOT] NULL | TRUE | FALSE
    private SqlGuard.Is? TestAt(SqlGuard of, int at, int end)
    {
        var isNot = Is(at, "NOT");
        if (isNot)
            at++;
        SqlTest? test = Is(at, "NULL") ? SqlTest.Null : Is(at, "TRUE") ? SqlTest.True : Is(at, "FALSE") ? SqlTest.False : null;
        return test is { } asked && at + 1 == end ? new SqlGuard.Is(of, asked, isNot) : null;
    }

    private SqlGuard? OperandAt(int at, SqlScope scope, out int after)
    {
        var operand = PlainOperandAt(at, scope, out after);
        while (operand is not null && IsSymbol(after, "::") && IsType(after + 1))
        {
            operand = new SqlGuard.Cast(operand, _tokens[after + 1].Text.ToUpperInvariant());
            after += 2;
        }

        return operand;
    }

    private SqlGuard? PlainOperandAt(int at, SqlScope scope, out int after)
    {
        after = at + 1;
        if (IsSymbol(at, "("))
        {
            after = _close[at] + 1;
            return IsQuery(at + 1) ? null : (ConditionOf(at + 1, _close[at], scope) as SqlCondition.Guarded)?.Guard;
        }

        // CAST(value AS type)
        if (Is(at, "CAST") && IsSymbol(at + 1, "("))
        {
            after = _close[at + 1] + 1;
            return OperandAt(at + 2, scope, out var type) is { } value && Is(type, "AS") && IsType(type + 1) && type + 2 == _close[at + 1]
                ? new SqlGuard.Cast(value, _tokens[type + 1].Text.ToUpperInvariant())
                : null;
        }

        if (Is(at, "NULL"))
            return new SqlGuard.Operand(_tokens[at]);
        return ValueAt(at, out after) is { } found ? new SqlGuard.Operand(found.Token, found.IsNegative) : null;
    }

    private bool IsType(int at) => IsName(at) && _tokens[at].Kind is SqlTokenKind.Word;

    // CASE WHEN a THEN b … [ELSE c] END [= constant]: one of its branches is taken, and those before it are not.
    private SqlCondition Case(int start, int end, SqlScope scope)
    {
        if (_cases >= MaxNestedCases)
            return SqlCondition.Unknown;
        _cases++;
        var condition = CaseEnd(start, end) is var last && last < end && ConstantBehind(last + 1, end, scope, out var constant)
            ? Branches(start, last, constant, scope)
            : SqlCondition.Unknown;
        _cases--;
        return condition;
    }

    private int CaseEnd(int start, int end)
    {
        var depth = 0;
        for (var i = start; i < end; i = Next(i))
        {
            if (IsKeyword(i, "CASE"))
                depth++;
            else if (IsKeyword(i, "END") && --depth == 0)
                return i;
        }

        return end;
    }

    private bool ConstantBehind(int at, int end, SqlScope scope, out SqlGuard? constant)
    {
        constant = null;
        if (at == end)
            return true;
        constant = IsEquals(at) && OperandAt(at + 1, scope, out var after) is { } found && after == end && IsConstant(found) ? found : null;
        return constant is not null;
    }

    private static bool IsConstant(SqlGuard guard) => guard switch
    {
        SqlGuard.Cast cast => IsConstant(cast.Value),
        SqlGuard.Operand operand => operand.Token.Kind is not SqlTokenKind.Parameter && !operand.Token.Is("NULL"),
        _ => false,
    };

    private SqlCondition Branches(int start, int last, SqlGuard? constant, SqlScope scope)
    {
        var branches = new List<SqlCondition>();
        var before = new List<SqlCondition>();
        var at = start + 1;
        while (IsKeyword(at, "WHEN") && branches.Count < MaxBranches)
        {
            var then = InCase("THEN", at, last);
            var next = Math.Min(InCase("WHEN", then, last), InCase("ELSE", then, last));
            if (then == last)
                return SqlCondition.Unknown;
            var when = ConditionOf(at + 1, then, scope);
            branches.Add(new SqlCondition.All([.. before, when, Result(then + 1, next, constant, scope)]));
            if (when is SqlCondition.Guarded guard)
                before.Add(guard with { IsNot = true });
            at = next;
        }

        if (IsKeyword(at, "ELSE"))
            branches.Add(new SqlCondition.All([.. before, Result(at + 1, last, constant, scope)]));
        else if (at != last)
            return SqlCondition.Unknown;
        return branches.Exists(b => b.HasGuard) ? new SqlCondition.Any(branches) : SqlCondition.Unknown;
    }

    private SqlCondition Result(int start, int end, SqlGuard? constant, SqlScope scope)
    {
        if (constant is null)
            return ConditionOf(start, end, scope);
        if (IsKeyword(start, "CASE"))
            return CaseEnd(start, end) == end - 1 && _cases < MaxNestedCases ? NestedCase(start, end - 1, constant, scope) : SqlCondition.Unknown;
        return OperandAt(start, scope, out var after) is { } value && after == end
            ? Guarded(new SqlGuard.Comparison(value, constant, IsEqual: true))
            : SqlCondition.Unknown;
    }

    private SqlCondition NestedCase(int start, int last, SqlGuard constant, SqlScope scope)
    {
        _cases++;
        var condition = Branches(start, last, constant, scope);
        _cases--;
        return condition;
    }

    /// <summary>The first such word of this CASE itself; <paramref name="last"/> when there is none.</summary>
    private int InCase(string word, int start, int last)
    {
        var depth = 0;
        for (var i = start + 1; i < last; i = Next(i))
        {
            if (IsKeyword(i, "CASE"))
                depth++;
            else if (IsKeyword(i, "END"))
                depth--;
            else if (depth == 0 && IsKeyword(i, word))
                return i;
        }

        return last;
    }

    /// <summary>The same condition, in which each guard has its number; equal ones have the same.</summary>
    private SqlCondition Numbered(SqlCondition condition)
    {
        _budget.Spend();
        return condition switch
        {
            SqlCondition.Guarded guarded => guarded with { Number = NumberOf(guarded.Guard) },
            SqlCondition.All all => new SqlCondition.All([.. all.Of.Select(Numbered)]),
            SqlCondition.Any any => new SqlCondition.Any([.. any.Of.Select(Numbered)]),
            _ => condition,
        };
    }

    private int? NumberOf(SqlGuard guard)
    {
        var text = new StringBuilder();
        if (!Append(guard, text))
            return null;
        if (_guardNumbers.TryGetValue(text.ToString(), out var known))
            return known;
        if (_tree.Guards.Count == GuardOutcomes.MaxGuards)
            return null;
        _guardNumbers.Add(text.ToString(), _tree.Guards.Count);
        _tree.Guards.Add(guard);
        return _tree.Guards.Count - 1;
    }

    // A name for what it says; false when it is too long to be judged at every execution.
    private bool Append(SqlGuard guard, StringBuilder text)
    {
        _budget.Spend();
        if (text.Length > MaxGuardTokens * 20)
            return false;
        switch (guard)
        {
            case SqlGuard.Operand { Token: var token } operand:
                text.Append(CultureInfo.InvariantCulture, $"{token.Kind}{(operand.IsNegative ? "-" : "+")}{token.Text.Length}:{token.Text} ");
                return true;
            case SqlGuard.Cast cast:
                text.Append(CultureInfo.InvariantCulture, $"{cast.Type}(");
                return Append(cast.Value, text);
            case SqlGuard.Not not:
                text.Append("NOT ");
                return Append(not.Of, text);
            case SqlGuard.Is test:
                text.Append(CultureInfo.InvariantCulture, $"{test.Test}{test.IsNot}? ");
                return Append(test.Of, text);
            case SqlGuard.Comparison comparison:
                text.Append(comparison.IsEqual ? "= " : "<> ");
                return Append(comparison.Left, text) && Append(comparison.Right, text);
            case SqlGuard.Several several:
                text.Append(CultureInfo.InvariantCulture, $"{(several.IsAnd ? "AND" : "OR")}{several.Of.Count} ");
                return several.Of.All(g => Append(g, text));
            default:
                return false;
        }
    }
}
