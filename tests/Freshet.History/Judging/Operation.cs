namespace Freshet.History.Judging;

/// <summary>What a client did.</summary>
internal enum OperationKind : byte
{
    /// <summary>Read one row by a cached endpoint.</summary>
    Item,

    /// <summary>Read the rows of a group by a cached endpoint that depends on their subtree.</summary>
    List,

    /// <summary>Read all rows of a tenant, each of them cached as data.</summary>
    Data,

    /// <summary>Wrote one row.</summary>
    Write,
}

/// <summary>One call of one client, as the client saw it.</summary>
internal sealed record Operation
{
    /// <summary>Who called; -1 for one that carries no position.</summary>
    public int Client { get; init; } = -1;

    public required int Node { get; init; }

    public required OperationKind Kind { get; init; }

    /// <summary>Whose client it is.</summary>
    public required int Tenant { get; init; }

    /// <summary>The first of the rows that were asked for.</summary>
    public required int First { get; init; }

    /// <summary>When it began, before anything was sent.</summary>
    public required long Begin { get; init; }

    /// <summary>When it ended, after the whole answer had come.</summary>
    public long End { get; init; }

    /// <summary>The version shown or written of each row that was asked for, in their order; 0 where none was shown.</summary>
    public long[] Versions { get; init; } = [];

    /// <summary>What else the answer showed that was not asked for; null for nothing.</summary>
    public string? Foreign { get; init; }

    /// <summary>Why there is no answer that is worth judging: a status, or what went wrong; null when there is one.</summary>
    public string? Failure { get; init; }

    /// <summary>A write that other nodes need not show yet.</summary>
    public bool IsPending { get; init; }

    /// <summary>Whether memory answered, so the node was in contact with its logs.</summary>
    public bool IsHit { get; init; }

    /// <summary>How many of the rows had to be loaded for this call.</summary>
    public int Loads { get; init; }
}
