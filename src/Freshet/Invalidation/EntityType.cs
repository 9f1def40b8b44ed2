namespace Freshet.Invalidation;

/// <summary>In whose log the rows of an entity type are.</summary>
internal enum Tenancy : byte
{
    /// <summary>Nothing was declared: rows may be seen by every tenant, so their tags are public. Writes touch the ambient
    /// tenant too, for dependencies declared by hand.</summary>
    Shared,

    /// <summary>Declared to be the same for everyone.</summary>
    Public,

    /// <summary>Declared to belong to the tenant at work: each tenant has a database or a schema of its own.</summary>
    Ambient,

    /// <summary>A property of the row names its tenant.</summary>
    Property,
}

/// <summary>What the database itself does to children when their parent is deleted.</summary>
internal enum DatabaseAction : byte
{
    /// <summary>Nobody said; it may do anything.</summary>
    Unknown,
    None,
    Delete,
    SetNull,
}

/// <summary>One entity type of an <see cref="EntityModel"/>. Immutable once the model is built.</summary>
internal sealed class EntityType
{
    private readonly List<EntityEdge> _parents = [];
    private readonly List<EntityEdge> _children = [];

    private readonly IReadOnlyDictionary<string, Func<object, object?>> _converters;
    private readonly IReadOnlyDictionary<string, KeyKind> _kinds;

    public EntityType(
        string name,
        Type? clrType,
        Tenancy tenancy,
        string? tenantProperty,
        IReadOnlyList<string> key,
        IReadOnlyDictionary<string, Func<object, object?>> converters,
        IReadOnlyDictionary<string, KeyKind> kinds,
        bool isUserScoped = false)
    {
        (_converters, _kinds) = (converters, kinds);
        Name = name;
        ClrType = clrType;
        Tenancy = tenancy;
        TenantProperty = tenantProperty;
        Key = key;
        IsUserScoped = isUserScoped;
        TypeTag = Tag.Of(name);
    }

    /// <summary>The first segment of its tags.</summary>
    public string Name { get; }

    public Type? ClrType { get; }

    public Tag TypeTag { get; }

    public Tenancy Tenancy { get; }

    public string? TenantProperty { get; }

    /// <summary>Whether its rows are in the logs of tenants. A write that has no tenant touches the type in the public log, so every
    /// dependency on such rows also counts there, by type.</summary>
    public bool IsInTenants => Tenancy is Tenancy.Property or Tenancy.Ambient;

    /// <summary>Whether a row belongs to the user whose id is the first value of its key, and is told to nobody else.</summary>
    public bool IsUserScoped { get; }

    /// <summary>The properties of the key, in the order of the tag's segments, without the tenant; empty when not known.</summary>
    public IReadOnlyList<string> Key { get; }

    /// <summary>Of which kinds the values of its key are, in order; empty when that is not known.</summary>
    public IReadOnlyList<KeyKind> KeyKinds => field ??=
        Key.Count == 0 ? _parents.Find(e => e.SameKey)?.Parent.KeyKinds ?? []
        : Key.All(_kinds.ContainsKey) ? [.. Key.Select(p => _kinds[p])]
        : [];

    public IReadOnlyList<EntityEdge> Parents => _parents;

    public IReadOnlyList<EntityEdge> Children => _children;

    /// <summary>What the database compares when it compares that property with the value.</summary>
    public object? ToDatabase(string property, object? value) =>
        value is not null && _converters.TryGetValue(property, out var convert) ? convert(value) : value;

    /// <summary>In whose logs the rows are that a tenant means: its own, and, where rows spell their tenant otherwise than the one at work is
    /// spelled, that one as well.</summary>
    public Tenant[] OwnersOf(Tenant tenant) =>
        Tenancy is Tenancy.Property && !tenant.IsPublic && tenant != Tenant.Default
            && RowSpelling.Of(tenant.Name, _kinds.GetValueOrDefault(TenantProperty!)) is { } name && !string.Equals(name, tenant.Name, StringComparison.Ordinal)
            ? [tenant, Tenant.Named(name)]
            : [tenant];

    public override string ToString() => Name;

    internal static void Connect(EntityEdge edge)
    {
        edge.Child._parents.Add(edge);
        edge.Parent._children.Add(edge);
    }
}

/// <summary>A declared edge from a parent to a child.</summary>
/// <param name="Parent">The parent.</param>
/// <param name="Child">The child.</param>
/// <param name="ForeignKey">The child's properties that hold the parent's key, in its order; empty when the child holds none.</param>
/// <param name="SameKey">Whether the child's row has the key of the parent's row.</param>
/// <param name="Cascades">Whether the parent's removal concerns the child.</param>
/// <param name="OnChange">Whether every change of the parent concerns the child, because it is made from it without reading it.</param>
/// <param name="Moves">Whether rows may move from one parent to another.</param>
/// <param name="OnDelete">What the database does.</param>
internal sealed record EntityEdge(
    EntityType Parent,
    EntityType Child,
    IReadOnlyList<string> ForeignKey,
    bool SameKey,
    bool Cascades,
    bool OnChange,
    bool Moves,
    DatabaseAction OnDelete)
{
    /// <summary>Whether the database itself may delete or change the child's rows.</summary>
    public bool DatabaseActs => OnDelete is DatabaseAction.Delete or DatabaseAction.SetNull;

    /// <summary>Whether the child does not outlive the parent.</summary>
    public bool ChildGoes => OnDelete is DatabaseAction.Delete || (Cascades && OnDelete is not DatabaseAction.SetNull);
}
