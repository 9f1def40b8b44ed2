namespace Freshet.AspNetCore;

/// <summary>
/// The versions that a write may be made against, from its <c>If-Match</c> (RFC 9110 §13.1.1). Immutable.
/// </summary>
/// <remarks>
/// Give the version to the data layer, so that check and write are one statement. With EF Core:
/// <c>db.Entry(user).Property(u =&gt; u.Version).OriginalValue = http.Freshet().IfMatch!.Require(user.Version)</c>.
/// </remarks>
public sealed class IfMatch
{
    private readonly long[]? _versions;

    internal IfMatch(long[]? versions) => _versions = versions;

    /// <summary>Whether the request said <c>*</c>: any version will do, as long as the resource exists.</summary>
    public bool IsAny => _versions is null;

    /// <summary>The version to write against, when the request names exactly one; else null.</summary>
    public long? Version => _versions is [var only] ? only : null;

    /// <summary>Whether a write may be made against that version.</summary>
    public bool Allows(long version) => _versions is null || _versions.Contains(version);

    /// <summary>The version to write against, given the one that was read.</summary>
    /// <param name="current">The version of the resource as it was read.</param>
    /// <returns><paramref name="current"/>.</returns>
    /// <exception cref="PreconditionFailedException">The request does not allow that version; it becomes a 412.</exception>
    public long Require(long current) => Allows(current) ? current : throw new PreconditionFailedException();
}

/// <summary>A write was to be made against another version than the resource has. The middleware answers 412.</summary>
public sealed class PreconditionFailedException : Exception
{
    /// <summary>Makes one with a message of its own.</summary>
    public PreconditionFailedException()
        : this("The resource is not in the state that the request names.")
    {
    }

    /// <summary>Makes one with that message.</summary>
    public PreconditionFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with that message and cause.</summary>
    public PreconditionFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
