using Freshet.Keys;

namespace Freshet.Coherence;

/// <summary>What was done.</summary>
internal enum ChangeAction : byte
{
    /// <summary>Somebody said that it changed.</summary>
    Invalidated,
    Created,
    Updated,
    Deleted,

    /// <summary>Several rows, or rows that are not known one by one.</summary>
    BulkOperation,
}

/// <summary>What a record is about, for events and people; nothing is ever decided by it.</summary>
/// <param name="Action">What was done.</param>
/// <param name="Entity">The entity type's name; null when there is no one type.</param>
/// <param name="Id">The row's key, its parts joined by <c>/</c>; null when there is no one row.</param>
internal readonly record struct ChangeSummary(ChangeAction Action, string? Entity = null, string? Id = null)
{
    /// <summary>The longest text that it says, in UTF-16 code units.</summary>
    public const int MostText = 1024;

    /// <summary>As a record may say it (C17): a text that is longer, or not well-formed, is left out.</summary>
    /// <remarks>An id may come from the input of a request. The tag has the hash of such a text, so no reader could match the two.</remarks>
    public ChangeSummary Bounded() => IsText(Entity) && IsText(Id) ? this : new ChangeSummary(Action, IsText(Entity) ? Entity : null, IsText(Id) ? Id : null);

    /// <summary>What both say; of different rows it is a bulk operation.</summary>
    public ChangeSummary With(ChangeSummary other) => this == other
        ? this
        : new ChangeSummary(ChangeAction.BulkOperation, string.Equals(Entity, other.Entity, StringComparison.Ordinal) ? Entity : null);

    /// <summary>What all of them say.</summary>
    public static ChangeSummary Of(IEnumerable<ChangeSummary> changes)
    {
        ChangeSummary? whole = null;
        foreach (var change in changes)
            whole = whole?.With(change) ?? change;
        return whole ?? default;
    }

    private static bool IsText(string? text) => KeyPart.Check(text, MostText) is KeyPartError.None;
}
