using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Security;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Accompanies a request that its handler answers: gives it its tenant, its precondition and the position of what it writes
/// (C10), and lets the answer to a GET be asked for conditionally.
/// </summary>
internal sealed class UncachedRequest(
    TenantContext tenantContext, TenantResolver tenants, SessionCarrier session, Acknowledgement acknowledgement, TimeProvider time, IOptions<FreshetOptions> settings,
    IOptions<FreshetHttpOptions> options)
{
    private const int MaxTaggedBytes = 1024 * 1024;

    public async Task ServeAsync(HttpContext context, RequestState state, EndpointPlan? plan, CacheReason reason, RequestDelegate next)
    {
        // Entered here, so it reaches everything that the handler awaits; unknown, it stays unset and TenantContext fails closed.
        var hasTenant = tenants.TryResolve(context, out var owner);
        using var tenant = hasTenant ? tenantContext.Enter(owner) : null;
        // C10: cached data that the handler reads is a part of its answer.
        PositionsAhead.Current = session.AheadOfHere(context);
        if (plan?.Cached is not null && IsRead(context))
            ResponseWriter.WriteVerdict(context.Response.Headers, reason, reason, 0, stored: false, collapsed: false);

        var isWrite = !IsRead(context);
        if (isWrite && plan?.IfMatch is { } ifMatch && !await ConditionalWrite.TryReadAsync(context, state, ifMatch))
            return;

        var writes = acknowledgement.Open(context, state);
        AcknowledgedWrites.Current = writes;
        try
        {
            if (HttpMethods.IsGet(context.Request.Method) && plan is { AnswersConditionally: true } && settings.Value.Enabled)
                await ServeConditionallyAsync(context, state, plan, writes, next);
            else if (isWrite && acknowledgement.IsKeeping(context))
                await ServeHeldAsync(context, writes, next);
            else
                await RunAsync(context, writes, next);
        }
        catch (Exception e) when (state.IfMatch is not null && !context.Response.HasStarted && ConditionalWrite.IsLostRace(e))
        {
            await ProblemWriter.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "The resource has changed since the version that the request names.");
        }
    }

    private async Task ServeConditionallyAsync(HttpContext context, RequestState state, EndpointPlan plan, AcknowledgedWrites writes, RequestDelegate next)
    {
        // What streams once will stream again: later requests are not held back at all.
        await using var body = await HoldAsync(context, writes, () => plan.AnswersConditionally = false, next);
        if (!body.IsPassedOn && !context.Response.HasStarted)
            await ConditionalAnswer.WriteAsync(context, body.Held.ToArray(), state.Version);
    }

    // The head is to tell all that the handler touches, and a client that keeps answers is better served by one that comes late.
    private async Task ServeHeldAsync(HttpContext context, AcknowledgedWrites writes, RequestDelegate next)
    {
        await using var body = await HoldAsync(context, writes, null, next);
        if (!body.IsPassedOn && body.Held.Length > 0)
            await context.Response.BodyWriter.WriteAsync(body.Held.ToArray(), context.RequestAborted);
    }

    private async Task<BufferedBody> HoldAsync(HttpContext context, AcknowledgedWrites writes, Action? onStreamed, RequestDelegate next)
    {
        var real = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var response = context.Response;
        var body = new BufferedBody(
            MaxTaggedBytes,
            () => ServerSentEvents.IsIn(response.Headers),
            (why, _) =>
            {
                if (why is CacheReason.Streamed)
                {
                    onStreamed?.Invoke();
                    real.DisableBuffering();
                }

                return new(real.Stream);
            },
            time,
            options.Value.StreamingAfter);

        context.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await RunAsync(context, writes, next);
            await body.EndAsync();
            return body;
        }
        catch
        {
            await body.DisposeAsync();
            throw;
        }
        finally
        {
            context.Features.Set(real);
        }
    }

    private static async Task RunAsync(HttpContext context, AcknowledgedWrites writes, RequestDelegate next)
    {
        await next(context);
        writes.HasHandlerEnded = true;
    }

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
