namespace Freshet.EntityFrameworkCore.Sql;

/// <content>BEGIN, COMMIT, savepoints and the like.</content>
internal sealed partial class SqlParser
{
    private static readonly string[] TransactionVerbs = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"];

    // BEGIN of a transaction is short; a block of procedural code is not.
    private const int MaxBegin = 12;

    private bool IsTransaction(int start) => Array.Exists(TransactionVerbs, v => Is(start, v));

    private void Transaction(int start, int end)
    {
        var step = Step(start, end);
        var isBlock = step is { Word: TransactionWord.Unknown, Name: null };
        if (isBlock)
            UnknownWrite("a block of statements");
        // Elsewhere a savepoint neither begins a transaction nor ends it.
        else if (step.Name is null || _dialect is SqlDialect.Sqlite || step.Word is TransactionWord.Unknown)
            _tree.Transaction.Steps.Add(step);
        if (step.Word is TransactionWord.Commit or TransactionWord.Rollback && Chains(start, end))
            _tree.Transaction.Steps.Add(new(TransactionWord.Begin));
        if (!isBlock)
            Account(start, end);
    }

    private TransactionStep Step(int start, int end)
    {
        if (HidesAnother(start + 1, end) || Enumerable.Range(start + 1, end - start - 1).Any(IsEndOfTransaction))
            return new(TransactionWord.Unknown);
        if (Is(start, "BEGIN") || Is(start, "START"))
            return new(end - start > MaxBegin ? TransactionWord.Unknown : TransactionWord.Begin);
        if (Is(start, "COMMIT") || Is(start, "END"))
            return new(TransactionWord.Commit);
        if (Is(start, "SAVEPOINT"))
            return new(TransactionWord.Savepoint, NameAt(end - 1));
        if (Is(start, "RELEASE"))
            return new(TransactionWord.Release, NameAt(end - 1));
        if (Is(start + 1, "TO") || Is(start + 2, "TO"))
            return new(TransactionWord.RollbackTo, NameAt(end - 1));
        return MayNameSavepoint(start + 1, end) ? new(TransactionWord.Unknown, NameAt(end - 1)) : new(TransactionWord.Rollback);
    }

    // COMMIT AND CHAIN, ROLLBACK WORK AND CHAIN: another transaction begins.
    private bool Chains(int start, int end) => Enumerable.Range(start, end - start).Any(i => Is(i, "AND") && Is(i + 1, "CHAIN"));

    // SQL Server: ROLLBACK TRAN x undoes what came behind the savepoint x, and ends nothing.
    private bool MayNameSavepoint(int at, int end)
    {
        if (_dialect is SqlDialect.Sqlite or SqlDialect.PostgreSql)
            return false;
        if (Is(at, "TRAN") || Is(at, "TRANSACTION") || Is(at, "WORK"))
            at++;
        // MySQL: ROLLBACK [WORK] [AND [NO] CHAIN] [[NO] RELEASE]
        var isMySql = _dialect is SqlDialect.Other && (Is(at, "AND") || Is(at, "NO") || Is(at, "RELEASE"));
        return at < end && !isMySql;
    }

    private string NameAt(int at) => IsName(at) ? _tokens[at].Text : "";

    private bool IsEndOfTransaction(int at) => Is(at, "COMMIT") || Is(at, "ROLLBACK");

    // Without a semicolon a transaction may begin or end anywhere in a text.
    private void AccountForTransactions()
    {
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (!_accounted[i] && (Is(i, "BEGIN") || IsEndOfTransaction(i)) && !IsColumn(i) && !IsOutputName(i))
                _tree.Transaction.Steps.Add(new(TransactionWord.Unknown));
        }
    }
}
