using System.Collections.Concurrent;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Http;
using Freshet.Diagnostics;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// Sees to it that an answer acknowledges what its request has written (C9, C10): by what its head tells, and where that is
/// gone, by not ending before the write shows on every node. Safe for concurrent use.
/// </summary>
internal sealed class Acknowledgement(
    SessionCarrier session, AnswerGroups groups, CacheEngine engine, CacheMetrics metrics, IOptions<FreshetOptions> options, ILogger<Acknowledgement> log)
{
    // C6: where one process is all, whatever is logged shows.
    private readonly TimeSpan _showsWithin = engine.IsShared ? options.Value.MaxStaleness : TimeSpan.Zero;

    // The endpoints of an application, and one for requests without an endpoint.
    private readonly ConcurrentDictionary<string, bool> _writeLate = new(StringComparer.Ordinal);

    /// <summary>From now on what the request writes is noted; once for each request.</summary>
    /// <returns>Makes it ambient where it is opened: <see cref="AcknowledgedWrites.Current"/>.</returns>
    public AcknowledgedWrites Open(HttpContext context, RequestState state)
    {
        if (state.Writes is { } open)
            return open;
        var writes = state.Writes = new AcknowledgedWrites(engine.Time, _showsWithin);
        context.Response.OnStarting(() => StartAsync(context, writes));
        return writes;
    }

    /// <summary>
    /// Whether the client keeps answers, so that the head must tell all that its request touches. Such a client sends its position with
    /// each write.
    /// </summary>
    public bool IsKeeping(HttpContext context) => groups.IsEnabled && context.Request.Headers.ContainsKey(SessionCarrier.Name);

    /// <summary>The pipeline has ended: holds the end of the answer back until all shows that its head did not tell.</summary>
    /// <param name="context">The request.</param>
    /// <param name="writes">What it has written.</param>
    /// <param name="hasFailed">Whether the server will answer by itself, and tell nothing.</param>
    public async ValueTask EndAsync(HttpContext context, AcknowledgedWrites writes, bool hasFailed)
    {
        if (hasFailed && !context.Response.HasStarted && writes.HasAny)
            writes.LeaveUntold();
        if (!writes.HasUntold)
            return;

        var endpoint = NameOf(context);
        if (!hasFailed && context.Response.HasStarted && IsAnswer(context) && _writeLate.TryAdd(endpoint, true))
            HttpLog.WroteAfterTheHead(log, endpoint, _showsWithin.TotalMilliseconds);
        metrics.WroteLate(writes.IsUntoldPending);
        if (writes.IsUntoldPending && context.Response.SupportsTrailers())
            context.Response.AppendTrailer(SessionCarrier.PendingHeader, "?1");
        try
        {
            await writes.ShownAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has left: nobody is told anything.
        }
    }

    private async Task StartAsync(HttpContext context, AcknowledgedWrites writes)
    {
        var headers = context.Response.Headers;
        // A handler that goes on may write more, and only the end of its answer can tell the client so.
        var isEverything = (!writes.HasHandlerEnded && !IsRead(context) && IsKeeping(context)) || _writeLate.ContainsKey(NameOf(context));
        var written = writes.Take(endsByLength: context.Response.ContentLength is not null && !writes.HasHandlerEnded);
        if ((isEverything || writes.IsEverything ? groups.OfAnything() : groups.OfWrites(written)) is { } invalidated)
            headers[AnswerGroups.InvalidationHeader] = invalidated;
        if (written.Length == 0)
            return;

        // What was written meanwhile may concern the answer itself: nobody keeps it, and the position that it names is no place.
        headers.Remove(AnswerGroups.Header);
        if (writes.IsPending)
            headers[SessionCarrier.PendingHeader] = "?1";
        // A program's HTTP stack follows a redirection by itself, and nobody reads this head. A browser takes the cookie from it.
        if (!session.Acknowledge(context, written) || (IsRedirection(context.Response) && context.Request.Headers.ContainsKey(SessionCarrier.Name)))
            writes.LeaveUntold();
        await writes.ShownAsync(context.RequestAborted);
    }

    private static string NameOf(HttpContext context) => context.GetEndpoint()?.DisplayName ?? "";

    // What goes over an upgraded connection acknowledges nothing.
    private static bool IsAnswer(HttpContext context) =>
        context.Response.StatusCode != StatusCodes.Status101SwitchingProtocols && !HttpMethods.IsConnect(context.Request.Method);

    private static bool IsRedirection(HttpResponse response) => response.StatusCode is >= 300 and < 400 && response.Headers.Location.Count > 0;

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
