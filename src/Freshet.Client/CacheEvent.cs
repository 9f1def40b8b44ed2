namespace Freshet.Client;

/// <summary>What a <see cref="CacheEvent"/> tells.</summary>
public enum CacheEventKind
{
    /// <summary>The server is heard from now on; see <see cref="CacheEvent.IsResumed"/>.</summary>
    Ready,

    /// <summary>Something was touched.</summary>
    Invalidation,

    /// <summary>Anything may have been touched: the server's log does not reach back to what was told last.</summary>
    Resync,

    /// <summary>The server is there, and nothing has happened.</summary>
    Heartbeat,

    /// <summary>The connection is gone; the next try follows by itself.</summary>
    Lost,
}

/// <summary>One thing that the server told, or that happened to the connection (docs/protocols/events.md, E4). Immutable.</summary>
/// <param name="Kind">What it is.</param>
public sealed record CacheEvent(CacheEventKind Kind)
{
    /// <summary>The entity type of the row that changed; null when it is not one row.</summary>
    public string? Entity { get; init; }

    /// <summary>The key of the row that changed; null when it is not one row.</summary>
    public string? Id { get; init; }

    /// <summary><c>created</c>, <c>updated</c>, <c>deleted</c>, <c>bulk_operation</c> or <c>invalidated</c>; else null.</summary>
    public string? Action { get; init; }

    /// <summary>All entity types that were touched.</summary>
    public IReadOnlyList<string> Entities { get; init; } = [];

    /// <summary>The names of the groups that were touched (<c>Cache-Groups</c>); <c>*</c> for everything.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>Everything up to here has been told; empty when the message names none.</summary>
    public string Position { get; init; } = "";

    /// <summary>How many bytes the server's message had, without its frame; 0 for <see cref="CacheEventKind.Lost"/>.</summary>
    public int Bytes { get; init; }

    /// <summary>When the server wrote it; for people, never for decisions.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Of <see cref="CacheEventKind.Ready"/>: whether all that was missed has been told; else anything may have been touched.</summary>
    public bool IsResumed { get; init; }

    /// <summary>Of <see cref="CacheEventKind.Lost"/>: why there was no connection; null when there was one and it ended.</summary>
    public Exception? Fault { get; init; }

    /// <summary>Of <see cref="CacheEventKind.Ready"/>: the longest silence of the server.</summary>
    public TimeSpan Heartbeat { get; init; }
}
