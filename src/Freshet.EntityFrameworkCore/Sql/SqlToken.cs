namespace Freshet.EntityFrameworkCore.Sql;

internal enum SqlTokenKind : byte
{
    /// <summary>A keyword or an identifier without quotes.</summary>
    Word,

    /// <summary>An identifier in quotes.</summary>
    Quoted,
    Text,
    Number,
    Parameter,
    Symbol,
}

/// <summary>One token of a command; <paramref name="Text"/> is without quotes and with its escapes resolved.</summary>
internal readonly record struct SqlToken(SqlTokenKind Kind, string Text)
{
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.Quoted;

    public bool Is(string word) => Kind is SqlTokenKind.Word && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    public bool IsSymbol(string symbol) => Kind is SqlTokenKind.Symbol && string.Equals(Text, symbol, StringComparison.Ordinal);
}
