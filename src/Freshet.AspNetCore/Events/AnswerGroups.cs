using Freshet.Events;
using Freshet.Invalidation;
using Freshet.Loading;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// The fields of RFC 9875: which groups an answer belongs to, and which a write has invalidated. Said only where the application
/// maps events, since nobody else would use them. Safe for concurrent use.
/// </summary>
internal sealed class AnswerGroups(GroupNames names, EntityModelSource model, IOptions<CacheEventOptions> options)
{
    public const string Header = "Cache-Groups";
    public const string InvalidationHeader = "Cache-Group-Invalidation";

    /// <summary>Whether the application maps events; set while it starts.</summary>
    public bool IsEnabled { get; set; }

    /// <summary>The field of an answer; null when a client that keeps it would not hear of all that concerns it.</summary>
    /// <param name="dependencies">What it was made from.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="user">The one user who is given it; null when several may be.</param>
    public string? Of(IReadOnlyCollection<EntryDependency> dependencies, Tenant tenant, string? user) =>
        IsEnabled && UserScope.Hears(model.Model, dependencies, tenant, user) ? Text(names.Of(dependencies, tenant, options.Value.MaxGroups)) : null;

    /// <summary>The field of an answer to a write; null when it touched nothing that its client hears of.</summary>
    /// <param name="written">What was written, by log. A log of which the client hears nothing costs only a name.</param>
    public string? OfWrites(IReadOnlyCollection<KeyValuePair<Tenant, AcknowledgedWrites.Written>> written)
    {
        if (!IsEnabled)
            return null;
        var touched = written.SelectMany(w => w.Value.Tags.Select(tag => (w.Key, tag))).ToArray();
        return touched.Length > 0 ? Text(names.OfTouches(touched, options.Value.MaxGroups)) : null;
    }

    /// <summary>The field of an answer to a write that may have touched anything; null when nobody keeps answers.</summary>
    public string? OfAnything() => IsEnabled ? Text([GroupNames.Everything]) : null;

    // RFC 8941 §3.1, §3.3.3: a list of strings. The names need no escapes.
    private static string Text(IEnumerable<string> groups) => string.Join(", ", groups.Select(g => $"\"{g}\""));
}
