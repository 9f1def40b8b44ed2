using Freshet.Invalidation;
using Freshet.Loading;

namespace Freshet.Events;

/// <summary>
/// Who may be told of a tag: rows of user-scoped types are told to their user alone. Whoever else has an answer that was made
/// from one would not hear of it, so such answers are given without groups. Pure.
/// </summary>
internal static class UserScope
{
    /// <summary>The user who alone is told of the tag; null: the whole tenant is.</summary>
    public static string? UserOf(EntityModel model, Tag tag)
    {
        var segments = tag.Segments;
        return segments.Length > 1 && model.Find(segments[0]) is { IsUserScoped: true } entity && EntityTags.CollectionParent(tag, entity) is null
            ? segments[1]
            : null;
    }

    /// <summary>Whether a client hears of every touch that concerns the answer it got.</summary>
    /// <param name="model">Says which types are user-scoped.</param>
    /// <param name="dependencies">What the answer was made from.</param>
    /// <param name="tenant">The answer's tenant: its log and the public one are what a client hears of.</param>
    /// <param name="user">The one user who is given the answer; null when several may be.</param>
    public static bool Hears(EntityModel model, IReadOnlyCollection<EntryDependency> dependencies, Tenant tenant, string? user)
    {
        foreach (var (owner, dependency) in dependencies)
        {
            if (owner != tenant && !owner.IsPublic)
                return false;
            var segments = dependency.Tag.Segments;
            if (UserOf(model, dependency.Tag) is { } told)
            {
                if (!string.Equals(told, user, StringComparison.Ordinal))
                    return false;
            }
            else if (dependency.IsSubtree
                && (segments.Length == 0 ? model.Types.Any(t => t.IsUserScoped) : segments.Length == 1 && model.Find(segments[0]) is { IsUserScoped: true }))
            {
                return false;
            }
        }

        return true;
    }
}
