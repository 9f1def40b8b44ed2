using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Answers for the handler of a cached endpoint whose exception nothing in the application's pipeline has handled: by its
/// exception handlers, else as problem+json.
/// </summary>
internal static class HandlerErrors
{
    /// <param name="context">The request; its answer has not begun.</param>
    /// <param name="cause">What came out of the pipeline.</param>
    /// <param name="log">Hears of it: the server will not.</param>
    public static async Task WriteAsync(HttpContext context, Exception cause, ILogger log)
    {
        var services = context.RequestServices;
        HttpLog.HandlerFailed(log, cause, context.GetEndpoint()?.DisplayName, "an error");
        // So that the server's metrics know of it too.
        context.Features.Get<IHttpMetricsTagsFeature>()?.Tags.Add(new("error.type", cause.GetType().FullName));
        // What was said about an answer that never came must not stand over its error.
        context.Response.Clear();

        // Where UseExceptionHandler has had the exception, they were asked already.
        if (context.Features.Get<IExceptionHandlerFeature>() is null)
        {
            foreach (var handler in services.GetServices<IExceptionHandler>())
            {
                if (await handler.TryHandleAsync(context, cause, context.RequestAborted))
                    return;
            }
        }

        // What went wrong is for the log; only in Development is it for the client.
        var status = cause is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        var tells = cause is BadHttpRequestException || services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        await ProblemWriter.WriteAsync(context, status, tells ? cause.Message : "The request could not be served.", cause);
    }
}
