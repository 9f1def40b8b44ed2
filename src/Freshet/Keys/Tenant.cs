using Freshet.Keys;

namespace Freshet;

/// <summary>
/// Whose data an entry holds. Every key, tag, log and position belongs to exactly one tenant; names are compared
/// ordinally, never folded. Immutable and safe to share between threads.
/// </summary>
public readonly struct Tenant : IEquatable<Tenant>
{
    // The first character keeps the three kinds apart, so no name can imitate another kind.
    private readonly string? _id;

    private Tenant(string id) => _id = id;

    /// <summary>The one implicit tenant of an application that declares none.</summary>
    public static Tenant Default { get; } = new("d");

    /// <summary>The owner of data that is the same for everyone; it has a log of its own.</summary>
    public static Tenant Public { get; } = new("p");

    /// <summary>The tenant of that name.</summary>
    /// <param name="name">1 to 512 UTF-16 code units, well-formed; compared ordinally.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or contains a lone surrogate.</exception>
    public static Tenant Named(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return new Tenant("t" + KeyPart.Require(name, "tenant", KeyPart.MaxSegmentLength));
    }

    /// <summary>The name it was made with; empty for <see cref="Default"/> and <see cref="Public"/>.</summary>
    public string Name => Id[1..];

    /// <summary>Whether this is <see cref="Public"/>.</summary>
    public bool IsPublic => string.Equals(_id, "p", StringComparison.Ordinal);

    /// <summary>False for <c>default(Tenant)</c>, which names no tenant and is refused everywhere.</summary>
    public bool IsValid => _id is not null;

    /// <summary>The tenant of that id, as <see cref="Id"/> gives it.</summary>
    internal static bool TryFromId(string id, out Tenant tenant)
    {
        tenant = id is "d" or "p" || (id is ['t', _, ..] && KeyPart.Check(id.AsSpan(1), KeyPart.MaxSegmentLength) is KeyPartError.None) ? new Tenant(id) : default;
        return tenant.IsValid;
    }

    internal string Id => _id ?? throw new InvalidOperationException("No tenant is set. Use Tenant.Default, Tenant.Public or Tenant.Named.");

    /// <summary>Whether two values name the same tenant.</summary>
    public static bool operator ==(Tenant left, Tenant right) => left.Equals(right);

    /// <summary>Whether two values name different tenants.</summary>
    public static bool operator !=(Tenant left, Tenant right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Tenant other) => string.Equals(_id, other._id, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Tenant other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _id is null ? 0 : StringComparer.Ordinal.GetHashCode(_id);

    /// <summary>For people: the name, or <c>(default)</c>, <c>(public)</c>, <c>(none)</c>.</summary>
    public override string ToString() => _id switch { null => "(none)", "d" => "(default)", "p" => "(public)", _ => _id[1..] };
}
