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
    TenantContext tenantContext, TenantResolver tenants, SessionCarrier session, TimeProvider time, IOptions<FreshetOptions> settings,
    IOptions<FreshetHttpOptions> options)
{
    private const int MaxTaggedBytes = 1024 * 1024;

    public async Task ServeAsync(HttpContext context, RequestState state, EndpointPlan? plan, CacheReason reason, RequestDelegate next)
    {
        // Entered here, so it reaches everything that the handler awaits; unknown, it stays unset and TenantContext fails closed.
        var hasTenant = tenants.TryResolve(context, out var owner);
        using var tenant = hasTenant ? tenantContext.Enter(owner) : null;
        // C10: cached data that the handler reads is a part of its answer.
        PositionsAhead.Current = hasTenant ? session.AheadOfHere(context, owner) : null;
        if (plan?.Cached is not null && IsRead(context))
            ResponseWriter.WriteVerdict(context.Response.Headers, reason, reason, 0, stored: false, collapsed: false);

        var isWrite = !IsRead(context);
        if (isWrite && plan?.IfMatch is { } ifMatch && !await ConditionalWrite.TryReadAsync(context, state, ifMatch))
            return;

        var writes = new AcknowledgedWrites();
        AcknowledgedWrites.Current = writes;
        context.Response.OnStarting(
            _ =>
            {
                session.Acknowledge(context, writes);
                return Task.CompletedTask;
            },
            context);

        try
        {
            if (HttpMethods.IsGet(context.Request.Method) && plan is { AnswersConditionally: true } && settings.Value.Enabled)
                await ServeConditionallyAsync(context, state, plan, next);
            else
                await next(context);
        }
        catch (Exception e) when (state.IfMatch is not null && !context.Response.HasStarted && ConditionalWrite.IsLostRace(e))
        {
            await ProblemWriter.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "The resource has changed since the version that the request names.");
        }
    }

    private async Task ServeConditionallyAsync(HttpContext context, RequestState state, EndpointPlan plan, RequestDelegate next)
    {
        var real = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        var response = context.Response;
        await using var body = new BufferedBody(
            MaxTaggedBytes,
            () => ServerSentEvents.IsIn(response.Headers),
            (why, _) =>
            {
                // What streams once will stream again: later requests are not held back at all.
                if (why is CacheReason.Streamed)
                {
                    plan.AnswersConditionally = false;
                    real.DisableBuffering();
                }

                return new(real.Stream);
            },
            time,
            options.Value.StreamingAfter);

        context.Features.Set<IHttpResponseBodyFeature>(body);
        try
        {
            await next(context);
            await body.EndAsync();
        }
        finally
        {
            context.Features.Set(real);
        }

        if (!body.IsPassedOn && !response.HasStarted)
            await ConditionalAnswer.WriteAsync(context, body.Held.ToArray(), state.Version);
    }

    private static bool IsRead(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
}
