using Freshet.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Http;

/// <summary>What HTTP caching logs. No key, user or tenant is ever in it; the request line only in Development.</summary>
internal static partial class HttpLog
{
    /// <summary>One line for each request, in Development.</summary>
    public static void Request(ILogger log, string method, PathString path, int status, CacheReason verdict, string xCache)
    {
        if (log.IsEnabled(LogLevel.Information))
            LogRequest(log, method, path, status, xCache, verdict.Text());
    }

    [LoggerMessage(100, LogLevel.Information, "{Method} {Path} {Status} {XCache} ({Reason})")]
    private static partial void LogRequest(ILogger log, string method, PathString path, int status, string xCache, string reason);

    [LoggerMessage(101, LogLevel.Error, "The endpoint '{Endpoint}' needs authorization, which has not run: it is served without the cache. Call app.UseFreshet() after app.UseAuthentication() and app.UseAuthorization().")]
    public static partial void AuthorizationNotRun(ILogger log, string? endpoint);

    [LoggerMessage(102, LogLevel.Error, "{Fault} It is served without the cache.")]
    public static partial void PlanFault(ILogger log, string fault);

    [LoggerMessage(103, LogLevel.Error, "The cache failed; the request was served by its handler. Faults of this kind are logged once.")]
    public static partial void CacheFault(ILogger log, Exception exception);

    [LoggerMessage(104, LogLevel.Error, "The handler of '{Endpoint}' failed; the answer is {Answer}.")]
    public static partial void HandlerFailed(ILogger log, Exception exception, string? endpoint, string answer);

    [LoggerMessage(105, LogLevel.Warning, "The background refresh of '{Endpoint}' failed; the stored answer stays until it may no longer be used.")]
    public static partial void RefreshFailed(ILogger log, Exception exception, string? endpoint);

    [LoggerMessage(106, LogLevel.Warning, "A tag of the policy of '{Endpoint}' could not be made: the answer is not stored. Correct the delegate that .Tag(…) was given. This is logged once for each endpoint.")]
    public static partial void TagFault(ILogger log, Exception exception, string? endpoint);

    [LoggerMessage(107, LogLevel.Warning, "'{Endpoint}' wrote after its answer had begun. The answer cannot carry the position of the write any more, so it ends {Wait} ms later, when every node shows it; and a client that keeps answers must take all of them as touched. Write before the first byte of the answer is sent. This is logged once for each endpoint.")]
    public static partial void WroteAfterTheHead(ILogger log, string endpoint, double wait);

    [LoggerMessage(108, LogLevel.Warning, "An answer of '{Endpoint}' was not stored ({Reason}{Detail}). {Advice} This is logged once for each endpoint and reason.")]
    public static partial void NotStored(ILogger log, string endpoint, string reason, string detail, string advice);

    [LoggerMessage(109, LogLevel.Warning, "No answer of '{Endpoint}' has been stored in {Count} loads (last: {Reason}{Detail}). {Advice} This is logged once for each endpoint and reason.")]
    public static partial void NeverStored(ILogger log, string endpoint, int count, string reason, string detail, string advice);

    [LoggerMessage(110, LogLevel.Warning, "Answers of more endpoints are not stored. {Count} warnings have named theirs, and no more will; ask /freshet/explain in Development.")]
    public static partial void NotStoredUnnamed(ILogger log, int count);
}
