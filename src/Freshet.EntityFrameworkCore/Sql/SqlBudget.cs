namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>
/// Counts the steps that the analysis of one text takes, and ends it when there are too many: the analysis must cost an
/// application less than the command itself, whatever the text. Not thread-safe.
/// </summary>
internal sealed class SqlBudget(int limit)
{
    /// <summary>Deeper parentheses than this are not understood. Recursion goes by parentheses, so this bounds the stack.</summary>
    public const int MaxDepth = 128;

    private const int Least = 20_000;
    private const int PerCharacter = 150;
    private const int Most = 50_000_000;

    /// <summary>The steps taken so far.</summary>
    public int Spent { get; private set; }

    public int Limit => limit;

    /// <summary>Texts of Entity Framework take 5 to 20 steps a character.</summary>
    public static SqlBudget For(string text) => new((int)Math.Min(Most, Least + ((long)text.Length * PerCharacter)));

    /// <exception cref="SqlBudgetExceededException">Nothing is left.</exception>
    public void Spend(int steps = 1)
    {
        Spent += steps;
        if (Spent > limit)
            throw new SqlBudgetExceededException();
    }
}

/// <summary>The text takes more steps than its analysis is worth.</summary>
internal sealed class SqlBudgetExceededException() : Exception("The analysis of a command takes too many steps.");
