using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace Freshet.AspNetCore.Http;

/// <summary>Answers with problem+json (RFC 9457), by the application's own service where there is one.</summary>
internal static class ProblemWriter
{
    public static async Task WriteAsync(HttpContext context, int status, string detail, Exception? exception = null)
    {
        context.Response.StatusCode = status;
        // A problem is not the representation: nothing of that may stand in its head.
        context.Response.Headers.ETag = default;
        context.Response.Headers.CacheControl = "no-store";

        var problem = new ProblemDetails { Status = status, Detail = detail };
        var service = context.RequestServices.GetService<IProblemDetailsService>();
        if (service is not null && await service.TryWriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem, Exception = exception }))
            return;
        await TypedResults.Problem(problem).ExecuteAsync(context);
    }
}
