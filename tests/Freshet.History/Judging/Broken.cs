namespace Freshet.History.Judging;

/// <summary>How an answer broke the promise.</summary>
internal enum BrokenKind
{
    /// <summary>C10: older than a write that this very client had seen acknowledged.</summary>
    OwnWrite,

    /// <summary>C9: older than a write that this node had acknowledged to anybody.</summary>
    WriteOfTheNode,

    /// <summary>C14: older than a write that this node had reported pending.</summary>
    PendingWrite,

    /// <summary>C6: older than a write that was acknowledged anywhere at least MaxStaleness before.</summary>
    Stale,

    /// <summary>Content of another tenant, or of another row.</summary>
    Foreign,

    /// <summary>A row that has always been there is not shown.</summary>
    Missing,

    /// <summary>No answer, or one of a status that no call may get.</summary>
    NoAnswer,
}

/// <summary>One answer that broke the promise.</summary>
/// <param name="Kind">How.</param>
/// <param name="By">The call.</param>
/// <param name="Row">Which row was wrong; -1 for none in particular.</param>
/// <param name="Shown">The version that was shown.</param>
/// <param name="Required">The version that had to be shown at least.</param>
internal sealed record Broken(BrokenKind Kind, Operation By, int Row = -1, long Shown = 0, long Required = 0);
