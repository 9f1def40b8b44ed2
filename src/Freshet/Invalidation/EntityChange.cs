using Freshet.Coherence;

namespace Freshet.Invalidation;

/// <summary>What happened to a row.</summary>
internal enum ChangeKind : byte
{
    Insert,
    Update,
    Delete,

    /// <summary>Somebody said that it changed; cascades like a removal, though no database acted.</summary>
    Declared,
}

/// <summary>The key of the parent that a row had or has, as far as it is known.</summary>
/// <param name="Edge">Which parent.</param>
/// <param name="Key">The parent's key; null when it is not known.</param>
internal readonly record struct ParentKey(EntityEdge Edge, string[]? Key);

/// <summary>One change to expand: of a row when the key is known, else of any rows of the type.</summary>
internal sealed record EntityChange(EntityType Entity, ChangeKind Kind)
{
    /// <summary>The row's key without its tenant; null when it is not known which rows changed.</summary>
    public string[]? Key { get; init; }

    /// <summary>The parents that the row had and has; a null parent is left out.</summary>
    public IReadOnlyList<ParentKey> Parents { get; init; } = [];

    /// <summary>The tenants that the row belonged and belongs to, where a property names it; empty when not known.</summary>
    public IReadOnlyList<Tenant> Tenants { get; init; } = [];

    /// <summary>Why nothing finer is known, when nothing is.</summary>
    public string? Reason { get; init; }

    /// <summary>What events say of it.</summary>
    public ChangeSummary Summary => Key is null
        ? new ChangeSummary(ChangeAction.BulkOperation, Entity.Name)
        : new ChangeSummary(Action, Entity.Name, string.Join('/', Key));

    private ChangeAction Action => Kind switch
    {
        ChangeKind.Insert => ChangeAction.Created,
        ChangeKind.Update => ChangeAction.Updated,
        ChangeKind.Delete => ChangeAction.Deleted,
        _ => ChangeAction.Invalidated,
    };
}

/// <summary>One tag that a change touches.</summary>
/// <param name="Tenant">In whose log.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Rule">The rule of the model that says so, for people.</param>
/// <param name="Change">The change that it comes from, for events.</param>
internal readonly record struct Touch(Tenant Tenant, Tag Tag, string Rule, ChangeSummary Change = default);
