using System.Globalization;

namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>
/// Reads the shape of a command: its scopes, the tables in each, and the equalities that hold for their rows. Not a full
/// grammar: what it does not understand it says so, and nothing is concluded from it.
/// </summary>
/// <remarks>
/// Two nets catch what the shape missed. Every name in the text that no FROM clause accounted for is handed out as one that
/// may be a table, and every verb of modification that no statement accounted for makes the command one that may write
/// anything.
/// </remarks>
internal sealed partial class SqlParser
{
    private readonly List<SqlToken> _tokens;
    private readonly SqlDialect _dialect;
    private readonly SqlBudget _budget;
    private readonly int[] _close;
    private readonly bool[] _accounted;
    private readonly HashSet<string> _aliases = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _assigned;
    private readonly HashSet<string> _ctes = new(StringComparer.OrdinalIgnoreCase);
    private readonly SqlCommandTree _tree;
    private int _withs;

    private SqlParser(List<SqlToken> tokens, SqlDialect dialect, SqlBudget budget, int[] close)
    {
        _tokens = tokens;
        _dialect = dialect;
        _budget = budget;
        _tree = new SqlCommandTree(dialect);
        _close = close;
        _accounted = new bool[tokens.Count];
        _assigned = Assigned();
    }

    /// <exception cref="SqlBudgetExceededException">It takes more steps than <paramref name="budget"/> has.</exception>
    public static SqlCommandTree Parse(string text, SqlDialect dialect, SqlBudget budget)
    {
        var tokens = SqlTokenizer.Tokenize(text, dialect);
        if (tokens is null || MatchParentheses(tokens) is not { } close)
            return SqlCommandTree.NotUnderstood(dialect, "the text is not understood");

        var parser = new SqlParser(tokens, dialect, budget, close);
        parser.Statements();
        parser.AccountForTransactions();
        parser.AccountForTheRest();
        return parser._tree;
    }

    private static int[]? MatchParentheses(List<SqlToken> tokens)
    {
        var close = new int[tokens.Count];
        var open = new Stack<int>();
        for (var i = 0; i < tokens.Count; i++)
        {
            close[i] = -1;
            if (tokens[i].IsSymbol("("))
            {
                if (open.Count == SqlBudget.MaxDepth)
                    return null;
                open.Push(i);
            }
            else if (tokens[i].IsSymbol(")"))
            {
                if (!open.TryPop(out var start))
                    return null;
                close[start] = i;
            }
        }

        return open.Count == 0 ? close : null;
    }

    // Every loop of the parser goes through these, so they count its steps.
    private bool Is(int at, string word)
    {
        _budget.Spend();
        return at >= 0 && at < _tokens.Count && _tokens[at].Is(word);
    }

    private bool IsSymbol(int at, string symbol)
    {
        _budget.Spend();
        return at >= 0 && at < _tokens.Count && _tokens[at].IsSymbol(symbol);
    }

    private bool IsName(int at)
    {
        _budget.Spend();
        return at >= 0 && at < _tokens.Count && _tokens[at].IsName;
    }

    /// <summary>The next token at the same depth.</summary>
    private int Next(int at)
    {
        _budget.Spend();
        return _close[at] >= 0 ? _close[at] + 1 : at + 1;
    }

    private void UnknownRead(string reason) => _tree.UnknownRead ??= reason;

    private void UnknownWrite(string reason)
    {
        // In MySQL most of DDL commits, and a procedure may do so.
        if (_dialect is SqlDialect.Other && _tree.UnknownWrite is null)
            _tree.Transaction.Steps.Add(new(TransactionWord.MayEnd));
        _tree.UnknownWrite ??= reason;
        UnknownRead(reason);
    }

    private void Statements()
    {
        var start = 0;
        var count = 0;
        for (var i = 0; i <= _tokens.Count; i = i < _tokens.Count ? Next(i) : i + 1)
        {
            if (i < _tokens.Count && !IsSymbol(i, ";"))
                continue;
            if (i > start && count++ == 0)
                _tree.Transaction.BeginsWithStep = IsTransaction(start);
            Statement(start, i, around: null);
            start = i + 1;
        }

        _tree.Transaction.IsAlone = count == 1;
    }

    private string Normal(int at) => SqlNames.Normal(_dialect, _tokens[at].Text, _tokens[at].Kind is SqlTokenKind.Quoted);

    private void Statement(int start, int end, SqlScope? around)
    {
        if (start >= end)
            return;

        var first = _tokens[start];
        if (first.Is("WITH"))
            With(start, end, around);
        else if (first.Is("SELECT") || first.IsSymbol("(") || first.Is("VALUES"))
            Query(start, end, around);
        else if (first.Is("INSERT") || (first.Is("REPLACE") && !IsSymbol(start + 1, "(")))
            Insert(start, end);
        else if (first.Is("UPDATE"))
            Update(start, end);
        else if (first.Is("DELETE"))
            Delete(start, end);
        else if (IsTransaction(start))
            Transaction(start, end);
        else if (first.Kind is not SqlTokenKind.Word || !SqlWords.NoEffect.Contains(first.Text) || HidesAnother(start + 1, end))
            UnknownWrite(string.Create(CultureInfo.InvariantCulture, $"the statement {first.Text.ToUpperInvariant()}"));
        // What a variable is set to may call anything.
        else if (!first.Is("SET") || _tokens[Math.Min(start + 1, end - 1)].Kind is not SqlTokenKind.Parameter)
            Account(start, end);
    }

    // SQL Server needs no semicolon between statements: SET NOCOUNT ON UPDATE …
    private bool HidesAnother(int start, int end) => Enumerable.Range(start, end - start)
        .Any(i => IsName(i) && _tokens[i].Kind is SqlTokenKind.Word && (SqlWords.Modifies.Contains(_tokens[i].Text) || Is(i, "SELECT") || Is(i, "FROM")));

    // WITH [RECURSIVE] name [(columns)] AS [[NOT] MATERIALIZED] (body) [, …] statement
    private void With(int start, int end, SqlScope? around)
    {
        // The one way to nest without parentheses: WITH … INSERT … WITH …
        if (++_withs > SqlBudget.MaxDepth)
            throw new SqlBudgetExceededException();
        WithBodies(start, end, around);
        _withs--;
    }

    private void WithBodies(int start, int end, SqlScope? around)
    {
        var at = start + 1;
        if (Is(at, "RECURSIVE"))
            at++;
        while (at < end && IsName(at))
        {
            _ctes.Add(_tokens[at].Text);
            _accounted[at++] = true;
            if (IsSymbol(at, "("))
                Account(at, at = Next(at));
            if (!Is(at++, "AS"))
                break;
            while (Is(at, "NOT") || Is(at, "MATERIALIZED"))
                at++;
            if (!IsSymbol(at, "("))
                break;
            Statement(at + 1, _close[at], around: null);
            at = Next(at);
            if (!IsSymbol(at, ","))
            {
                Statement(at, end, around);
                return;
            }

            at++;
        }

        UnknownWrite("the WITH clause is not understood");
    }

    private void Account(int from, int to) => Array.Fill(_accounted, true, from, to - from);

    /// <summary>Looks for the queries inside an expression.</summary>
    private void Expressions(int start, int end, SqlScope around)
    {
        _budget.Spend(end - start);
        for (var i = start; i < end; i++)
        {
            if (_close[i] < 0 || _close[i] >= end)
                continue;
            if (IsQuery(i + 1))
                Query(i + 1, _close[i], around);
            else
                Expressions(i + 1, _close[i], around);
            i = _close[i];
        }
    }

    private bool IsQuery(int at)
    {
        while (IsSymbol(at, "("))
            at++;
        return Is(at, "SELECT") || Is(at, "WITH") || Is(at, "VALUES");
    }

    private string DeclareAlias(string alias)
    {
        if (!_aliases.Add(alias))
            _tree.AmbiguousAliases.Add(alias);
        return alias;
    }

    private void AccountForTheRest()
    {
        for (var i = 0; i < _tokens.Count; i++)
        {
            var token = _tokens[i];
            if (!token.IsName || _accounted[i])
                continue;

            var calls = IsSymbol(i + 1, "(");
            if (calls && !IsHarmlessCall(i))
                _tree.UnknownFunction ??= token.Text;
            if (token.Kind is SqlTokenKind.Word && SqlWords.Modifies.Contains(token.Text) && !IsPartOfAnother(i))
                UnknownWrite($"{token.Text.ToUpperInvariant()} where it was not expected");
            if (!IsColumn(i) && !IsOutputName(i) && !IsQualifier(i))
                _tree.OtherNames.Add(token.Text);
        }

        if (_tree.UnknownFunction is { } function)
            UnknownRead($"the function {function} may read anything");
    }

    private bool IsHarmlessCall(int at)
    {
        var token = _tokens[at];
        if (IsSymbol(at - 1, "."))
            return Is(at - 2, "pg_catalog") || Is(at - 2, "sys");
        return token.Kind is SqlTokenKind.Word
            && (SqlWords.BeforeParenthesis.Contains(token.Text) || SqlWords.PureFunctions.Contains(token.Text) || SqlWords.PureTableFunctions.Contains(token.Text));
    }

    // FOR UPDATE, FOR NO KEY UPDATE, DO UPDATE, OF UPDATE: verbs that belong to another statement.
    private bool IsPartOfAnother(int at) => Is(at, "UPDATE") && (Is(at - 1, "FOR") || Is(at - 1, "KEY") || Is(at - 1, "DO"));

    // alias.column, unless what looks like the alias may be a schema.
    private bool IsColumn(int at) => IsSymbol(at - 1, ".") && IsName(at - 2) && _aliases.Contains(_tokens[at - 2].Text)
        && !IsSymbol(at - 3, ".") && !IsSchemaName(_tokens[at - 2].Text);

    private bool IsQualifier(int at) => IsSymbol(at + 1, ".") && _aliases.Contains(_tokens[at].Text) && !IsSchemaName(_tokens[at].Text);

    private bool IsOutputName(int at) => Is(at - 1, "AS");

    private static bool IsSchemaName(string name) => name.ToUpperInvariant() is "PUBLIC" or "DBO" or "MAIN" or "TEMP";
}
