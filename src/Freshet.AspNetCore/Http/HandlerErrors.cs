using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Freshet.AspNetCore.Http;

/// <summary>Answers for a handler that failed: by the application's exception handlers, else as problem+json.</summary>
internal static class HandlerErrors
{
    public static async Task WriteAsync(HttpContext context, Exception cause)
    {
        foreach (var handler in context.RequestServices.GetServices<IExceptionHandler>())
        {
            if (await handler.TryHandleAsync(context, cause, context.RequestAborted))
                return;
        }

        // What went wrong is for the log; only in Development is it for the client.
        var status = cause is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        var tells = cause is BadHttpRequestException || context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment();
        await ProblemWriter.WriteAsync(context, status, tells ? cause.Message : "The request could not be served.", cause);
    }
}
