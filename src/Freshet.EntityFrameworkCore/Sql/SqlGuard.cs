namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>What IS asks for.</summary>
internal enum SqlTest : byte
{
    Null,
    True,
    False,
}

/// <summary>
/// A condition made of parameters and constants alone. It is the same for every row, so the values of one execution say
/// whether it holds.
/// </summary>
internal abstract record SqlGuard
{
    private SqlGuard()
    {
    }

    /// <summary>A parameter, a number, a string, or one of the words TRUE, FALSE and NULL.</summary>
    internal sealed record Operand(SqlToken Token, bool IsNegative = false) : SqlGuard;

    /// <summary>A value as a type of that name, in capitals.</summary>
    internal sealed record Cast(SqlGuard Value, string Type) : SqlGuard;

    internal sealed record Not(SqlGuard Of) : SqlGuard;

    /// <summary>AND, or OR, of all.</summary>
    internal sealed record Several(IReadOnlyList<SqlGuard> Of, bool IsAnd) : SqlGuard;

    /// <summary>=, or &lt;&gt;.</summary>
    internal sealed record Comparison(SqlGuard Left, SqlGuard Right, bool IsEqual) : SqlGuard;

    /// <summary>IS [NOT] NULL, TRUE or FALSE.</summary>
    internal sealed record Is(SqlGuard Of, SqlTest Test, bool IsNot) : SqlGuard;
}

/// <summary>What the values of one execution say about a guard.</summary>
internal enum GuardOutcome : byte
{
    /// <summary>It is not known how the database judges it, or nobody asked.</summary>
    Unclear = 0,

    /// <summary>It is true.</summary>
    Holds = 1,

    /// <summary>It is false or null.</summary>
    Fails = 2,
}

/// <summary>The outcomes of all guards of a command, by their number. Without any, every guard is unclear.</summary>
internal readonly record struct GuardOutcomes(ulong Bits)
{
    /// <summary>More guards than this in one text stay unclear.</summary>
    public const int MaxGuards = 32;

    public GuardOutcome this[int guard] => (GuardOutcome)((Bits >> (guard * 2)) & 3);

    public GuardOutcomes With(int guard, GuardOutcome outcome) => new(Bits | ((ulong)outcome << (guard * 2)));
}
