using Freshet.Coherence;

namespace Freshet.Events;

/// <summary>What one or several records tell a client: what changed, never to what.</summary>
/// <param name="Change">What was done, as far as the records agree.</param>
/// <param name="Entities">The names of the entity types that were touched, ordered.</param>
/// <param name="Groups">The names of what was touched; see <see cref="GroupNames"/>.</param>
internal sealed record FeedEvent(ChangeSummary Change, IReadOnlyList<string> Entities, IReadOnlyCollection<string> Groups);

/// <summary>Whether the log reaches back to where a reader was.</summary>
internal enum FeedGap : byte
{
    /// <summary>It does.</summary>
    None,

    /// <summary>It no longer holds all records since then.</summary>
    Trimmed,

    /// <summary>It has another epoch.</summary>
    Epoch,
}
