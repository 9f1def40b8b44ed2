using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Joins a version that a client named with Entity Framework's concurrency token.</summary>
public static class FreshetConcurrencyExtensions
{
    /// <summary>
    /// The row is written only if it still has that version: check and write are one statement. Otherwise
    /// <c>SaveChanges</c> throws <see cref="DbUpdateConcurrencyException"/>, which the cache's middleware answers with 412
    /// where the endpoint requires <c>If-Match</c> (RFC 9110 §13.1.1).
    /// </summary>
    /// <typeparam name="TEntity">The entity.</typeparam>
    /// <param name="entry">The tracked row: <c>db.Entry(row)</c>.</param>
    /// <param name="version">The version that the client saw; converted to the type of the token.</param>
    /// <returns>The same entry.</returns>
    /// <exception cref="InvalidOperationException">The entity type has not exactly one concurrency token.</exception>
    public static EntityEntry<TEntity> ExpectVersion<TEntity>(this EntityEntry<TEntity> entry, object version)
        where TEntity : class
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(version);
        var tokens = entry.Metadata.GetProperties().Where(p => p.IsConcurrencyToken).ToArray();
        if (tokens is not [var token])
            throw new InvalidOperationException($"{entry.Metadata.DisplayName()} has {tokens.Length} concurrency tokens; a version stands for exactly one.");

        var type = Nullable.GetUnderlyingType(token.ClrType) ?? token.ClrType;
        entry.Property(token.Name).OriginalValue = type.IsInstanceOfType(version)
            ? version
            : Convert.ChangeType(version, type, System.Globalization.CultureInfo.InvariantCulture);
        return entry;
    }
}
