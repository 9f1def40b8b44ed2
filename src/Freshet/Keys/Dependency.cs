namespace Freshet;

/// <summary>
/// What an entry was made from: one tag (<c>import/42</c>) or a tag with everything under it (<c>import/**</c>, "every
/// import"). Immutable and safe to share between threads.
/// </summary>
public readonly struct Dependency : IEquatable<Dependency>
{
    private readonly Tag? _tag;

    internal Dependency(Tag tag, bool isSubtree)
    {
        _tag = tag;
        IsSubtree = isSubtree;
    }

    /// <summary>The tag; the root for <c>default</c>.</summary>
    public Tag Tag => _tag ?? Tag.Root;

    /// <summary>Whether a touch anywhere under <see cref="Tag"/> counts too.</summary>
    public bool IsSubtree { get; }

    /// <summary>A dependency on one tag.</summary>
    public static implicit operator Dependency(Tag tag) => FromTag(tag);

    /// <summary>Whether two dependencies are the same.</summary>
    public static bool operator ==(Dependency left, Dependency right) => left.Equals(right);

    /// <summary>Whether two dependencies differ.</summary>
    public static bool operator !=(Dependency left, Dependency right) => !left.Equals(right);

    /// <summary>A dependency on one tag.</summary>
    public static Dependency FromTag(Tag tag)
    {
        ArgumentNullException.ThrowIfNull(tag);
        return new Dependency(tag, isSubtree: false);
    }

    /// <summary>Reads the text form: <c>import/42</c>, <c>import/**</c>, or <c>**</c> for everything of the tenant.</summary>
    /// <exception cref="FormatException">The text is not a dependency; the message says where.</exception>
    public static Dependency Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "**")
            return Tag.Root.Subtree;
        return text.EndsWith("/**", StringComparison.Ordinal) ? Tag.Parse(text[..^3]).Subtree : Tag.Parse(text);
    }

    /// <inheritdoc/>
    public bool Equals(Dependency other) => IsSubtree == other.IsSubtree && Tag.Equals(other.Tag);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Dependency other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tag, IsSubtree);

    /// <summary>The text form.</summary>
    public override string ToString() => !IsSubtree ? Tag.ToString() : Tag.Equals(Tag.Root) ? "**" : $"{Tag}/**";
}
