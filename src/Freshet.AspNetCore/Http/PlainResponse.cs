using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>An answer that was held back but may not be stored: it goes to the one who asked, as its handler made it.</summary>
internal sealed record PlainResponse(int StatusCode, IHeaderDictionary Headers, byte[] Body, long? Version)
{
    public Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = StatusCode;
        foreach (var (name, values) in Headers)
        {
            if (name.Equals("Vary", StringComparison.OrdinalIgnoreCase))
                ResponseWriter.AppendVary(response.Headers, values.ToString());
            else if (name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))
                response.Headers.SetCookie = StringValues.Concat(response.Headers.SetCookie, values);
            else
                response.Headers[name] = values;
        }

        return ConditionalAnswer.WriteAsync(context, Body, Version);
    }
}

/// <summary>Ends a held-back answer that is not stored: gives it an entity tag and answers conditionally.</summary>
internal static class ConditionalAnswer
{
    /// <param name="context">The request; the head of its answer is as the handler left it.</param>
    /// <param name="body">The whole body.</param>
    /// <param name="version">The version of the resource, when its handler says one.</param>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body, long? version)
    {
        var response = context.Response;
        var headers = response.Headers;
        if (response.StatusCode == StatusCodes.Status200OK && headers.ContentRange.Count == 0)
        {
            // A handler with a tag of its own evaluates it too. An answer shorter than it declares is broken: it gets no tag.
            var isTagged = headers.ETag.Count == 0 && (headers.ContentLength ?? body.Length) == body.Length;
            if (isTagged)
            {
                // ResponseCompression further out would send other bytes under this tag, so it can only be a weak one.
                var tag = ContentTag.Create(body.Span, headers.ContentType, headers.ContentEncoding, headers.ContentLanguage, version);
                headers.ETag = context.Features.Get<IHttpsCompressionFeature>() is null ? tag : "W/" + tag;
            }

            // C15: what is not said to be storable elsewhere has to be asked for each time.
            if (headers.CacheControl.Count == 0)
                headers.CacheControl = "private, no-cache";

            var verdict = isTagged
                ? Preconditions.Evaluate(context.Request.Method, context.Request.Headers, new Validators(headers.ETag, headers.LastModified))
                : default;
            if (verdict.Outcome is PreconditionOutcome.NotModified)
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                headers.ContentLength = null;
                headers.ContentType = default;
                headers.ContentEncoding = default;
                headers.ContentLanguage = default;
                return;
            }

            if (verdict.Outcome is PreconditionOutcome.Failed)
            {
                headers.ContentLength = null;
                headers.ContentEncoding = default;
                await ProblemWriter.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "The resource is not in the state that the request names.");
                return;
            }
        }

        // An error without a body is left open: a middleware further out may describe it (UseStatusCodePages).
        if (body.Length == 0 && response.StatusCode >= StatusCodes.Status400BadRequest)
            return;

        // A handler that declared another length has failed; the server says so in its own way when the bytes are written.
        var hasBody = response.StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
        if (hasBody && !HttpMethods.IsHead(context.Request.Method))
            headers.ContentLength ??= body.Length;
        if (body.Length > 0)
            await response.BodyWriter.WriteAsync(body, context.RequestAborted);
    }
}
