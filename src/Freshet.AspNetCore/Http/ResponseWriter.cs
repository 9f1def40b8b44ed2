using System.IO.Pipelines;
using Freshet.AspNetCore.Events;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>Sends stored answers: 200, 304 or 412, GET or HEAD. Allocates nothing but what the server does.</summary>
internal static class ResponseWriter
{
    /// <summary>Sends a hit.</summary>
    public static Task WriteHitAsync(HttpContext context, StoredResponse response, StoredVariant variant, TimeSpan age, CacheReason reason)
    {
        var head = response.HeadAt(age, reason);
        var headers = context.Response.Headers;
        headers.Age = head.Age;
        headers[CacheStatusName] = head.CacheStatus;
        headers[XCache.HeaderName] = XCache.Of(reason);
        return WriteAsync(context, response, variant);
    }

    /// <summary>Sends what a load has just brought: why it was loaded, and in detail what became of it.</summary>
    public static Task WriteLoadedAsync(
        HttpContext context, StoredResponse response, StoredVariant variant, CacheReason why, CacheReason detail, bool stored, bool collapsed)
    {
        WriteVerdict(context.Response.Headers, why, detail, response.StatusCode, stored, collapsed, response.Limits.Lifetime);
        return WriteAsync(context, response, variant);
    }

    /// <summary>The verdict on an answer that no entry gave.</summary>
    public static void WriteVerdict(
        IHeaderDictionary headers, CacheReason why, CacheReason detail, int status, bool stored, bool collapsed, TimeSpan lifetime = default)
    {
        headers[CacheStatusName] = CacheStatus.Forwarded(CacheStatus.ForwardOf(why), status, stored, collapsed, detail, lifetime);
        headers[XCache.HeaderName] = XCache.Of(why);
    }

    /// <summary>Adds to a field that a middleware further out may have set.</summary>
    public static void AppendVary(IHeaderDictionary headers, string? vary)
    {
        if (vary is not null)
            headers.Vary = headers.Vary.Count == 0 ? vary : StringValues.Concat(headers.Vary, vary);
    }

    private const string CacheStatusName = "Cache-Status";

    private static Task WriteAsync(HttpContext context, StoredResponse stored, StoredVariant variant)
    {
        var request = context.Request;
        var response = context.Response;
        var headers = response.Headers;

        headers.ETag = variant.ETag;
        headers.CacheControl = stored.CacheControl;
        AppendVary(headers, stored.Vary);
        if (stored.Groups is { } groups)
            headers[AnswerGroups.Header] = groups;

        // RFC 9110 §13.2.1: preconditions count only where the answer without them would be a success.
        if (stored.StatusCode is >= 200 and < 300 && Preconditions.Any(request.Headers))
        {
            var verdict = Preconditions.Evaluate(request.Method, request.Headers, new Validators(variant.ETag, stored.LastModified));
            if (verdict.Outcome is PreconditionOutcome.NotModified)
                return NotModified(response, stored);
            if (verdict.Outcome is PreconditionOutcome.Failed)
                return ProblemWriter.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "The resource is not in the state that the request names.");
        }

        response.StatusCode = stored.StatusCode;
        if (stored.ContentType is { } contentType)
            headers.ContentType = contentType;
        if (stored.LastModified is { } lastModified)
            headers.LastModified = lastModified;
        if (variant.Coding is { } coding)
            headers.ContentEncoding = coding;
        foreach (var (name, values) in stored.Headers)
            headers[name] = values;
        headers.ContentLength = variant.Body.Length;

        // RFC 9110 §9.3.2: HEAD has the head of GET, the length included.
        if (variant.Body.Length == 0 || HttpMethods.IsHead(request.Method))
            return Task.CompletedTask;

        // Without RequestAborted, which costs an allocation just to be asked for: a write to a client that left ends by itself.
        var writing = response.BodyWriter.WriteAsync(variant.Body, CancellationToken.None);
        if (!writing.IsCompletedSuccessfully)
            return AwaitAsync(writing);
        writing.GetAwaiter().GetResult();
        return Task.CompletedTask;
    }

    // RFC 9110 §15.4.5: Cache-Control, Content-Location, Date, ETag, Expires and Vary, as a 200 would have had them.
    private static Task NotModified(HttpResponse response, StoredResponse stored)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        if (stored.LastModified is { } lastModified)
            response.Headers.LastModified = lastModified;
        foreach (var (name, values) in stored.Headers)
        {
            if (name.Equals("Content-Location", StringComparison.OrdinalIgnoreCase))
                response.Headers[name] = values;
        }

        return Task.CompletedTask;
    }

    private static async Task AwaitAsync(ValueTask<FlushResult> writing) => await writing;
}
