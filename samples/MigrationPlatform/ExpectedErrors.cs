using Microsoft.AspNetCore.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace MigrationPlatform;

/// <summary>What goes wrong in good order: it is told in one line, not as a fault of the platform.</summary>
internal sealed partial class ExpectedErrors(ILogger<ExpectedErrors> log) : IExceptionHandler
{
    /// <summary>Somebody changed the row between our read and our write: the caller reads again and decides.</summary>
    public static int StatusOf(Exception error) => error switch
    {
        DbUpdateConcurrencyException => StatusCodes.Status409Conflict,
        BadHttpRequestException bad => bad.StatusCode,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static bool Has(Exception error) => StatusOf(error) < StatusCodes.Status500InternalServerError;

    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var (request, status, reason) = (httpContext.Request, StatusOf(exception), exception.Message);
        if (Has(exception)) Refused(request.Method, request.Path, status, reason);
        // The answer is made as for every other error.
        return new(false);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Path} is answered {Status}: {Reason}")]
    private partial void Refused(string method, PathString path, int status, string reason);
}
