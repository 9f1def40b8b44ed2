using System.Globalization;
using Freshet.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Writes with <c>If-Match</c>. The version that the tag carries is handed to the data layer, whose statement checks and
/// writes at once; comparing here and writing there would leave a gap for another writer.
/// </summary>
internal static class ConditionalWrite
{
    // The packages do not know each other, so the data layer's exception is known by its name.
    private const string ConcurrencyException = "Microsoft.EntityFrameworkCore.DbUpdateConcurrencyException";

    /// <returns>False when the request has been answered: 428 or 412.</returns>
    public static async ValueTask<bool> TryReadAsync(HttpContext context, RequestState state, IfMatchMetadata declared)
    {
        var field = context.Request.Headers.IfMatch;
        if (StringValues.IsNullOrEmpty(field))
        {
            if (!declared.IsRequired)
                return true;
            await ProblemWriter.WriteAsync(
                context, StatusCodes.Status428PreconditionRequired, "This write needs If-Match with the entity tag of the version that it is made against.");
            return false;
        }

        state.IfMatch = Parse(field);
        if (state.IfMatch is not null)
            return true;
        await ProblemWriter.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "No entity tag in If-Match names a version of this resource.");
        return false;
    }

    /// <summary>The versions that the field names; null for none. Weak tags never match (RFC 9110 §13.1.1).</summary>
    public static IfMatch? Parse(StringValues field)
    {
        var versions = new List<long>();
        for (var i = 0; i < field.Count; i++)
        {
            var rest = field[i].AsSpan();
            while (EntityTag.TryTake(ref rest, out var opaque, out var weak))
            {
                if (opaque is "*")
                    return new IfMatch(null);
                if (!weak && TryReadVersion(opaque, out var version))
                    versions.Add(version);
            }
        }

        return versions.Count > 0 ? new IfMatch([.. versions]) : null;
    }

    /// <summary>Whether another writer was faster: the resource is no longer in the state that the request names.</summary>
    public static bool IsLostRace(Exception exception)
    {
        if (exception is PreconditionFailedException)
            return true;
        for (var type = exception.GetType(); type is not null; type = type.BaseType)
        {
            if (type.FullName == ConcurrencyException)
                return true;
        }

        return false;
    }

    // A tag of ours, or the bare version, which clients may take from a body: "42".
    private static bool TryReadVersion(ReadOnlySpan<char> opaque, out long version) =>
        ContentTag.TryReadVersion(opaque, out version)
        || long.TryParse(opaque[1..^1], NumberStyles.None, CultureInfo.InvariantCulture, out version);
}
