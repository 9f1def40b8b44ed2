namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>A column: of an alias, or of whatever the scope has. The name is as <see cref="SqlNames.Normal"/> gives it.</summary>
internal readonly record struct ColumnName(string? Alias, string Column);

/// <summary>A value that a column is compared to.</summary>
/// <param name="Token">A parameter, a number, a string, or the words TRUE and FALSE.</param>
/// <param name="IsArray">Whether the parameter holds an array and the comparison is with any of its elements.</param>
/// <param name="IsNegative">Whether the number has a minus before it.</param>
/// <param name="IsDerived">Whether it was compared with another column, which was compared with this one.</param>
internal readonly record struct SqlValue(SqlToken Token, bool IsArray = false, bool IsNegative = false, bool IsDerived = false);

/// <summary>One conjunct that pins a column: to another column, or to one of some values.</summary>
internal sealed record Equality(SqlScope Scope, ColumnName Left, ColumnName? Right, IReadOnlyList<SqlValue> Values);

/// <summary>
/// Conjuncts that all hold for a row of an item whenever that row has a part in the result: those of the item's own ON,
/// then those of the items around it, up to the WHERE of the scope.
/// </summary>
internal sealed class Facts(Facts? around)
{
    public Facts? Around { get; } = around;

    public List<Equality> Equalities { get; } = [];

    /// <summary>Disjunctions of which the values of an execution may leave one part.</summary>
    public List<SqlCondition> Guarded { get; } = [];
}

/// <summary>One entry of a FROM clause, or the target of a modification.</summary>
internal sealed class SqlItem
{
    public required string Alias { get; init; }

    /// <summary>The table's name and schema; null for a derived table.</summary>
    public string? Table { get; init; }

    public string? Schema { get; init; }

    public required SqlScope Scope { get; init; }

    /// <summary>What holds for its rows.</summary>
    public required Facts Facts { get; init; }

    /// <summary>Of a derived table, by output name: the column inside that it is.</summary>
    public IReadOnlyDictionary<string, ColumnName>? Columns { get; init; }

    /// <summary>Of a derived table that cannot be seen through: what is constant inside is constant outside, no more.
    /// Null when it can: its tables count as joined where it stands.</summary>
    public SqlScope? Inner { get; init; }
}

/// <summary>One SELECT, or one modification, with what it reads and what is known of the rows it reads.</summary>
internal sealed class SqlScope
{
    public SqlScope(SqlScope? around)
    {
        Around = around;
        Facts = new Facts(null);
    }

    /// <summary>The scope whose columns this one may name.</summary>
    public SqlScope? Around { get; }

    /// <summary>The conjuncts of WHERE and of inner joins.</summary>
    public Facts Facts { get; }

    public List<SqlItem> Items { get; } = [];

    /// <summary>Whether rows of any item may be missing from a joined row (RIGHT and FULL joins): then only WHERE is believed.</summary>
    public bool OnlyWhere { get; set; }
}

/// <summary>How a statement modifies rows.</summary>
internal enum SqlWriteKind : byte
{
    Insert,
    Update,
    Delete,
}

/// <summary>One modification of a table.</summary>
/// <param name="Kind">How.</param>
/// <param name="Target">The table, with what is known of the rows.</param>
/// <param name="SetColumns">The columns that an update sets; null when not known.</param>
internal sealed record SqlWrite(SqlWriteKind Kind, SqlItem Target, IReadOnlyList<string>? SetColumns);

/// <summary>A command as far as it is understood.</summary>
internal sealed class SqlCommandTree(SqlDialect dialect)
{
    public List<SqlScope> Scopes { get; } = [];

    public List<SqlWrite> Writes { get; } = [];

    /// <summary>A text of which nothing is known: it may read, write and end anything.</summary>
    public static SqlCommandTree NotUnderstood(SqlDialect dialect, string reason)
    {
        var unknown = new SqlCommandTree(dialect) { UnknownRead = reason, UnknownWrite = reason };
        unknown.Transaction.Steps.Add(new(TransactionWord.Unknown));
        return unknown;
    }

    /// <summary>Why it may read anything; null when everything it reads is known.</summary>
    public string? UnknownRead { get; set; }

    /// <summary>Why it may write anything; null when everything it writes is known.</summary>
    public string? UnknownWrite { get; set; }

    /// <summary>A function that is not known to be harmless.</summary>
    public string? UnknownFunction { get; set; }

    /// <summary>The conditions in disjunctions that are made of parameters and constants alone, by number.</summary>
    public List<SqlGuard> Guards { get; } = [];

    /// <summary>What it does to the transaction.</summary>
    public TransactionText Transaction { get; } = new(dialect);

    /// <summary>Names that the FROM clauses did not account for: whichever is a table counts as read whole.</summary>
    public List<string> OtherNames { get; } = [];

    /// <summary>Aliases that stand for more than one thing; nothing is concluded from them.</summary>
    public HashSet<string> AmbiguousAliases { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>How databases tell names apart.</summary>
internal static class SqlNames
{
    /// <summary>PostgreSQL folds names without quotes to lower case and compares ordinally; the others ignore case.</summary>
    public static string Normal(SqlDialect dialect, string name, bool isQuoted) => dialect is SqlDialect.PostgreSql
#pragma warning disable CA1308 // PostgreSQL folds to lower case
        ? isQuoted ? name : name.ToLowerInvariant()
#pragma warning restore CA1308
        : name.ToUpperInvariant();
}
