namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>What a statement does to the transaction, when it is said in SQL.</summary>
internal enum TransactionWord : byte
{
    Begin,
    Commit,
    Rollback,

    /// <summary>SQLite: the outermost one begins a transaction.</summary>
    Savepoint,

    /// <summary>SQLite: of the outermost one, a commit.</summary>
    Release,
    RollbackTo,

    /// <summary>Nothing is said of a transaction, but one that is open may be ended by it.</summary>
    MayEnd,

    /// <summary>Something, in a place where it is not understood.</summary>
    Unknown,
}

/// <param name="Word">What is done.</param>
/// <param name="Name">Of a savepoint: its name.</param>
internal readonly record struct TransactionStep(TransactionWord Word, string? Name = null);

/// <summary>What the statements of one text do to the transaction, in their order.</summary>
internal sealed class TransactionText(SqlDialect dialect)
{
    public List<TransactionStep> Steps { get; } = [];

    /// <summary>Whether a BEGIN that succeeds tells that no transaction, or none but its own, is open now.</summary>
    public bool BeginsAnew => dialect is SqlDialect.Sqlite or SqlDialect.PostgreSql;

    /// <summary>Whether a BEGIN may commit a transaction that is open, as it does in MySQL.</summary>
    public bool BeginMayCommit => dialect is SqlDialect.Other;

    /// <summary>Whether the text has no other statement before the first step.</summary>
    public bool BeginsWithStep { get; set; }

    /// <summary>Whether the text is one statement and nothing else.</summary>
    public bool IsAlone { get; set; }

    /// <summary>Whether it is not known which steps are taken.</summary>
    public bool IsUnclear => Steps.Any(s => s.Word is TransactionWord.Unknown);

    /// <summary>Whether all that may be said of a transaction is that one that is open may be ended.</summary>
    public bool OnlyMayEnd => Steps.All(s => s.Word is TransactionWord.MayEnd);

    /// <summary>Whether nothing is left of what was pending. Which of several statements a rollback undid is not worth knowing.</summary>
    public bool IsRollback => IsAlone
        && Steps is [{ Word: TransactionWord.Rollback }] or [{ Word: TransactionWord.Rollback }, { Word: TransactionWord.Begin }];

    /// <summary>Whether what was pending may be committed by it, as far as the text alone tells.</summary>
    public bool MayCommit => !IsRollback && Steps.Any(s => s.Word is TransactionWord.Begin
        ? BeginMayCommit
        : s.Word is not (TransactionWord.Savepoint or TransactionWord.RollbackTo));

    /// <summary>Whether it may end a transaction that no savepoint began.</summary>
    public bool MayEndBegun => Steps.Any(s => s.Word is TransactionWord.Begin
        ? BeginMayCommit
        : s.Word is TransactionWord.Commit or TransactionWord.Rollback or TransactionWord.MayEnd or TransactionWord.Unknown);
}
