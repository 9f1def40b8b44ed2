using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Freshet.AspNetCore.Http;

/// <summary>What the preconditions of a request demand.</summary>
internal enum PreconditionOutcome : byte
{
    /// <summary>Perform the request.</summary>
    Proceed,

    /// <summary>Answer 304 (Not Modified).</summary>
    NotModified,

    /// <summary>Answer 412 (Precondition Failed).</summary>
    Failed,
}

/// <summary>Which field decided.</summary>
internal enum PreconditionField : byte
{
    None,
    IfMatch,
    IfUnmodifiedSince,
    IfNoneMatch,
    IfModifiedSince,
}

internal readonly record struct PreconditionVerdict(PreconditionOutcome Outcome, PreconditionField Field);

/// <summary>The validators of what would be answered now.</summary>
/// <param name="ETag">The entity tag, or null.</param>
/// <param name="LastModified">The <c>Last-Modified</c> field, or null.</param>
/// <param name="Exists">Whether there is a current representation.</param>
internal readonly record struct Validators(string? ETag, string? LastModified = null, bool Exists = true);

/// <summary>Conditional requests, RFC 9110 §13, in the order of §13.2.2.</summary>
internal static class Preconditions
{
    /// <summary>Whether any of the four fields is there; without one there is nothing to evaluate.</summary>
    public static bool Any(IHeaderDictionary request) =>
        request.IfNoneMatch.Count > 0 || request.IfModifiedSince.Count > 0 || request.IfMatch.Count > 0 || request.IfUnmodifiedSince.Count > 0;

    public static PreconditionVerdict Evaluate(string method, IHeaderDictionary request, in Validators current)
    {
        var isRead = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

        // Step 1.
        var match = EntityTag.Match(request.IfMatch, current.ETag, strong: true, current.Exists);
        if (match is EntityTagMatch.None)
            return new(PreconditionOutcome.Failed, PreconditionField.IfMatch);

        // Step 2: a field that is not a date is ignored (§13.1.4).
        if (match is EntityTagMatch.Absent
            && TryDates(request.IfUnmodifiedSince, current.LastModified, out var unmodifiedSince, out var modified)
            && modified > unmodifiedSince)
        {
            return new(PreconditionOutcome.Failed, PreconditionField.IfUnmodifiedSince);
        }

        // Step 3.
        var noneMatch = EntityTag.Match(request.IfNoneMatch, current.ETag, strong: false, current.Exists);
        if (noneMatch is EntityTagMatch.Matches)
            return new(isRead ? PreconditionOutcome.NotModified : PreconditionOutcome.Failed, PreconditionField.IfNoneMatch);

        // Step 4: If-Modified-Since counts only without If-None-Match, and only for GET and HEAD (§13.1.3).
        if (noneMatch is EntityTagMatch.Absent && isRead
            && TryDates(request.IfModifiedSince, current.LastModified, out var modifiedSince, out modified)
            && modified <= modifiedSince)
        {
            return new(PreconditionOutcome.NotModified, PreconditionField.IfModifiedSince);
        }

        return default;
    }

    private static bool TryDates(StringValues field, string? lastModified, out DateTimeOffset date, out DateTimeOffset modified)
    {
        modified = default;
        date = default;
        return field.Count == 1 && lastModified is not null
            && HeaderUtilities.TryParseDate(field[0], out date)
            && HeaderUtilities.TryParseDate(lastModified, out modified);
    }
}
