using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Freshet.Invalidation;

/// <summary>
/// Warns of tags that somebody names by hand and that look like those of an entity without being any: what depends on one is never
/// ended by a write, what touches one ends nothing. Once for each name. Safe for concurrent use; remembers at most <see cref="MaxNames"/>.
/// </summary>
internal sealed partial class NamedTags(EntityModelSource source, ILogger<NamedTags>? log = null)
{
    public const int MaxNames = 1024;

    // A name may be a part of what a client sent.
    private readonly ConcurrentDictionary<string, bool> _seen = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>A policy names a tag.</summary>
    /// <param name="endpoint">Whose policy.</param>
    /// <param name="tag">The tag, as it is written.</param>
    /// <param name="segments">Its segments; null for those that a request fills in.</param>
    /// <param name="isSubtree">Whether it counts for what is below it, too.</param>
    public void InPolicy(string? endpoint, string tag, ReadOnlySpan<string?> segments, bool isSubtree)
    {
        if (log is null || !source.HasParts)
            return;
        if (MeantTag.Of(source.Model, segments) is { } meant)
            LogPolicy(log, endpoint, tag, meant, segments[0]!);
        else if (!isSubtree && segments is [{ } only] && source.Model.Find(only) is not null)
            LogTypeAlone(log, endpoint, tag);
    }

    /// <summary>The code of the application names a tag, for a load or for a touch.</summary>
    public void InCode(Tag tag)
    {
        if (log is null || !source.HasParts || tag.Segments is not [var first, ..] || _seen.ContainsKey(first) || source.Model.Find(first) is not null)
            return;
        if (_count >= MaxNames || !_seen.TryAdd(first, true))
            return;
        Interlocked.Increment(ref _count);
        if (MeantTag.Of(source.Model, [first]) is { } meant)
            LogCode(log, first, meant);
    }

    [LoggerMessage(5, LogLevel.Warning, "The policy of '{Endpoint}' names the tag '{Tag}', which is no entity's: nothing that is written touches it. There is the entity '{Meant}'. Write its tag; or declare '{First}' if you touch it by hand: AddEntities(m => m.Entity(\"{First}\")).")]
    private static partial void LogPolicy(ILogger logger, string? endpoint, string tag, string meant, string first);

    [LoggerMessage(6, LogLevel.Warning, "The policy of '{Endpoint}' names the tag '{Tag}', which is that of the type alone: a row that is written touches '{Tag}/…', which does not concern it. Write '{Tag}/**' if any row does, or '{Tag}/{{id}}' for one.")]
    private static partial void LogTypeAlone(ILogger logger, string? endpoint, string tag);

    [LoggerMessage(7, LogLevel.Warning, "A tag that begins with '{First}' is named by hand, and no entity has it: nothing that is written touches it, and a touch of it ends nothing that was read. There is the entity '{Meant}'. Write its tag; or declare '{First}' if you touch it by hand: AddEntities(m => m.Entity(\"{First}\")). This is logged once for each name.")]
    private static partial void LogCode(ILogger logger, string first, string meant);
}
