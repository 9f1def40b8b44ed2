using Freshet.Keys;

namespace Freshet.Invalidation;

/// <summary>What has been declared about an entity type so far; mutable, only while the application starts.</summary>
internal sealed class EntityDraft
{
    public string? Name { get; set; }

    public Type? ClrType { get; init; }

    /// <summary>For messages and for the tag of a type that was not given one.</summary>
    public string Label => Name ?? ClrType!.Name;

    public Tenancy? Tenancy { get; set; }

    public string? TenantProperty { get; set; }

    public bool IsUserScoped { get; set; }

    /// <summary>The key's properties, the tenant's included; null when not declared.</summary>
    public IReadOnlyList<string>? Key { get; set; }

    /// <summary>Makes a key's value what the database compares, by property; where there is none, the value is that already.</summary>
    public Dictionary<string, Func<object, object?>> Converters { get; } = new(StringComparer.Ordinal);

    /// <summary>What the database compares, by property; where there is none, the class says it.</summary>
    public Dictionary<string, KeyKind> Kinds { get; } = new(StringComparer.Ordinal);

    public List<EdgeDraft> Parents { get; } = [];

    public static string RequireName(string tag)
    {
        // What a program names is refused where input of a request would be hashed or replaced.
        KeyPart.Require(tag, nameof(tag), KeyPart.MaxSegmentLength);
        ArgumentException.ThrowIfNullOrEmpty(tag);
        return tag[0] != '@' ? tag : throw new ArgumentException($"The tag '{tag}' begins with '@', which marks collections.", nameof(tag));
    }
}

/// <summary>A declared edge, before its ends are known.</summary>
internal sealed class EdgeDraft
{
    public Type? ParentType { get; init; }

    public string? ParentName { get; init; }

    public string ParentLabel => ParentName ?? ParentType!.Name;

    public required IReadOnlyList<string> ForeignKey { get; set; }

    public bool SameKey { get; init; }

    public bool Cascades { get; init; }

    public bool OnChange { get; init; }

    /// <summary>Whether rows may move from one parent to another.</summary>
    public bool Moves { get; set; } = true;

    public DatabaseAction OnDelete { get; set; }

    /// <summary>Whether it was found in the database's model rather than declared; such edges may form cycles.</summary>
    public bool Found { get; init; }

    public bool Matches(EdgeDraft other) => ParentType == other.ParentType
        && string.Equals(ParentName, other.ParentName, StringComparison.Ordinal)
        && ForeignKey.Count == other.ForeignKey.Count
        && ForeignKey.All(p => other.ForeignKey.Contains(p, StringComparer.Ordinal));
}
