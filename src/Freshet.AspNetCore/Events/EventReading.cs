using System.Collections.Frozen;
using Freshet.Coherence;
using Freshet.Events;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// What lies between two places in the logs, as messages: one for all, made when it is first asked for and kept, and one for
/// each user who is told more. Safe for concurrent use.
/// </summary>
internal sealed class EventReading(SessionPositions from, FeedReading reading, string position, DateTimeOffset time)
{
    private readonly Lazy<(FeedEvent Event, EventMessage Message)?> _shared = new(() => Make(reading, null, position, time));

    public SessionPositions From => from;

    public SessionPositions To => reading.To;

    /// <summary>The message for that user; null when there is nothing for it.</summary>
    /// <param name="user">The user's id, or null.</param>
    /// <param name="entities">The entity types that it wants to hear of; null for all.</param>
    public EventMessage? MessageFor(string? user, FrozenSet<string>? entities)
    {
        if (reading.Gap is not FeedGap.None)
            return EventMessage.Resync(position, reading.Gap);
        var told = user is not null && reading.Users.Contains(user) ? Make(reading, user, position, time) : _shared.Value;
        if (told is not { } made || (entities is not null && !Concerns(made.Event, entities)))
            return null;
        return made.Message;
    }

    private static bool Concerns(FeedEvent told, FrozenSet<string> entities) =>
        told.Groups.Contains(GroupNames.Everything, StringComparer.Ordinal) || told.Entities.Any(entities.Contains);

    private static (FeedEvent Event, EventMessage Message)? Make(FeedReading reading, string? user, string position, DateTimeOffset time) =>
        reading.For(user) is { } told ? (told, EventMessage.Invalidation(told, position, time)) : null;
}
