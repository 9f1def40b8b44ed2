using System.Text;

namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>
/// Cuts a command into tokens. What it is not sure to read as the database does, it refuses: then the command counts as
/// one that may read and write anything.
/// </summary>
internal sealed class SqlTokenizer
{
    private static readonly string[] Operators = ["::", "<=", ">=", "<>", "!=", "||", "==", "->", ":="];

    private readonly string _text;
    private readonly SqlDialect _dialect;
    private readonly List<SqlToken> _tokens = [];
    private int _at;

    private SqlTokenizer(string text, SqlDialect dialect)
    {
        _text = text;
        _dialect = dialect;
    }

    /// <returns>The tokens without comments; null when the text cannot be read for sure.</returns>
    public static List<SqlToken>? Tokenize(string text, SqlDialect dialect)
    {
        // MySQL and others read backslashes, '#' and '/*!' in ways of their own.
        if (dialect is SqlDialect.Other && (text.AsSpan().ContainsAny('\\', '#') || text.Contains("/*!", StringComparison.Ordinal)))
            return null;
        var tokenizer = new SqlTokenizer(text, dialect);
        return tokenizer.Run() ? tokenizer._tokens : null;
    }

    private char Next(int ahead = 1) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private bool Run()
    {
        while (_at < _text.Length)
        {
            var c = _text[_at];
            var read = c switch
            {
                _ when char.IsWhiteSpace(c) => Skip(1),
                // MySQL: without a space behind it, two minuses.
                '-' when Next() == '-' && _dialect is SqlDialect.Other && !(char.IsWhiteSpace(Next(2)) || _at + 2 == _text.Length) => false,
                '-' when Next() == '-' => SkipLine(),
                '/' when Next() == '*' => SkipComment(),
                '\'' => Quote(SqlTokenKind.Text, '\''),
                '"' => Quote(SqlTokenKind.Quoted, '"'),
                '`' => Quote(SqlTokenKind.Quoted, '`'),
                '[' when _dialect is not SqlDialect.PostgreSql => Quote(SqlTokenKind.Quoted, ']'),
                'N' or 'n' when Next() == '\'' => Skip(1) && Quote(SqlTokenKind.Text, '\''),
                // Strings with escapes of their own: E'…', U&'…', U&"…", X'…', B'…', $$…$$.
                'E' or 'e' or 'X' or 'x' or 'B' or 'b' when Next() == '\'' => false,
                'U' or 'u' when Next() == '&' && Next(2) is '\'' or '"' => false,
                '$' when _dialect is SqlDialect.PostgreSql && !char.IsAsciiDigit(Next()) => false,
                '@' or ':' or '$' when IsWordPart(Next()) => Parameter(),
                '@' when Next() == '@' => SystemVariable(),
                '?' => Emit(SqlTokenKind.Parameter, "?", 1),
                _ when IsWordStart(c) => Word(),
                _ when char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Next())) => Number(),
                _ => Symbol(),
            };
            if (!read)
                return false;
        }

        return true;
    }

    private static bool IsWordStart(char c) => char.IsLetter(c) || c is '_' or '#';

    private static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' or '#' || char.IsSurrogate(c);

    private bool Skip(int count)
    {
        _at += count;
        return true;
    }

    private bool SkipLine()
    {
        while (_at < _text.Length && _text[_at] is not '\n' and not '\r')
            _at++;
        return true;
    }

    private bool SkipComment()
    {
        var end = _text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
        // Comments nest in some databases and not in others.
        if (end < 0 || _text.AsSpan(_at + 2, end - _at - 2).Contains("/*", StringComparison.Ordinal))
            return false;
        _at = end + 2;
        return true;
    }

    private bool Quote(SqlTokenKind kind, char close)
    {
        var value = new StringBuilder();
        for (var i = _at + 1; i < _text.Length; i++)
        {
            var c = _text[i];
            if (c == close)
            {
                if (i + 1 == _text.Length || _text[i + 1] != close)
                {
                    _at = i + 1;
                    _tokens.Add(new SqlToken(kind, value.ToString()));
                    return true;
                }

                i++;
            }

            value.Append(c);
        }

        return false;
    }

    private bool Parameter()
    {
        var start = _at++;
        while (_at < _text.Length && IsWordPart(_text[_at]))
            _at++;
        // SQLite: $name::suffix(…) is one parameter.
        if (_text[start] == '$' && _dialect is SqlDialect.Sqlite && _at < _text.Length && _text[_at] is ':' or '(')
            return false;
        _tokens.Add(new SqlToken(SqlTokenKind.Parameter, _text[start.._at]));
        return true;
    }

    private bool SystemVariable()
    {
        var start = _at;
        _at += 2;
        while (_at < _text.Length && IsWordPart(_text[_at]))
            _at++;
        _tokens.Add(new SqlToken(SqlTokenKind.Number, _text[start.._at]));
        return true;
    }

    private bool Word()
    {
        var start = _at;
        while (_at < _text.Length && IsWordPart(_text[_at]))
            _at++;
        _tokens.Add(new SqlToken(SqlTokenKind.Word, _text[start.._at]));
        return true;
    }

    private bool Number()
    {
        var start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '.' or '_'))
            _at++;
        if (_at < _text.Length && _text[_at] is '+' or '-' && _text[_at - 1] is 'e' or 'E')
            return Skip(1) && Number(start);
        _tokens.Add(new SqlToken(SqlTokenKind.Number, _text[start.._at]));
        return true;
    }

    private bool Number(int start)
    {
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            _at++;
        _tokens.Add(new SqlToken(SqlTokenKind.Number, _text[start.._at]));
        return true;
    }

    private bool Symbol()
    {
        foreach (var op in Operators)
        {
            if (string.CompareOrdinal(_text, _at, op, 0, op.Length) == 0)
                return Emit(SqlTokenKind.Symbol, op, op.Length);
        }

        return Emit(SqlTokenKind.Symbol, _text[_at].ToString(), 1);
    }

    private bool Emit(SqlTokenKind kind, string text, int length)
    {
        _tokens.Add(new SqlToken(kind, text));
        _at += length;
        return true;
    }
}
