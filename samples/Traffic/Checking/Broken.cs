namespace Traffic.Checking;

/// <summary>How an answer broke the promise.</summary>
internal enum BrokenKind
{
    /// <summary>Older than a write that this very client had seen acknowledged.</summary>
    OwnWriteLost,

    /// <summary>Older than a write acknowledged to somebody else: on the same node, or on another one more than MaxStaleness before.</summary>
    AcknowledgedWriteLost,

    /// <summary>A row that was acknowledged as created is not there, or not counted.</summary>
    RowMissing,

    /// <summary>Another tenant's content, or content that does not say whose it is.</summary>
    WrongTenant,

    /// <summary>Another row than the one asked for.</summary>
    WrongRow,

    /// <summary>Another list than the one asked for: of another parent, another page, another order, or a row twice.</summary>
    WrongList,

    /// <summary>Another role than the one last acknowledged.</summary>
    WrongRole,

    /// <summary>304 to a client that holds no body.</summary>
    NothingHeld,

    /// <summary>A status that no step of the script may get.</summary>
    Failed,
}

/// <summary>One answer that broke the promise, with what was expected.</summary>
internal sealed record Broken(BrokenKind Kind, string Route, string Path, string Reason)
{
    public override string ToString() => $"{Kind}: {Path}: {Reason}";
}
