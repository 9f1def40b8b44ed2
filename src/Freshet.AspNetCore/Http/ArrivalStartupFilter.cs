using System.Diagnostics;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Explain;
using Freshet.AspNetCore.Security;
using Freshet.Diagnostics;
using Freshet.Loading;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.ObjectPool;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Takes each request's arrival ahead of every middleware (C1: authentication and claims are read after the fence), checks
/// what was declared once the pipeline stands, and answers for a cached handler whose exception nothing inside has handled.
/// </summary>
internal sealed class ArrivalStartupFilter(
    CacheEngine engine, StartupCheck check, Acknowledgement acknowledgement, IHostEnvironment environment, ILogger<ArrivalStartupFilter> log) : IStartupFilter
{
    private readonly ObjectPool<RequestState> _pool = new DefaultObjectPoolProvider().Create<RequestState>();

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        var mayExplain = environment.IsDevelopment();
        app.Use(inner => context => ArriveAsync(context, inner, mayExplain));
        next(app);
        check.Run();
    };

    private Task ArriveAsync(HttpContext context, RequestDelegate inner, bool mayExplain)
    {
        var state = _pool.Get();
        state.Arrival = engine.Arrive(engine.IsShared && SessionCarrier.MayCarry(context.Request.Headers));
        state.Attach(context);
        EventToken.Take(context.Request);
        if (mayExplain)
            ExplainRequest.Rewrite(context, state);

        var method = context.Request.Method;
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
            return WriteAsync(context, inner, state);

        // No state machine for the requests that end at once, as hits do.
        var task = Run(context, inner);
        if (!task.IsCompletedSuccessfully || state.Writes is not null)
            return EndAsync(task, context, state);
        End(context, state);
        return task;
    }

    // Noted from here on, so that what middleware around UseFreshet() writes is acknowledged too (C9).
    private async Task WriteAsync(HttpContext context, RequestDelegate inner, RequestState state)
    {
        AcknowledgedWrites.Current = acknowledgement.Open(context, state);
        await EndAsync(Run(context, inner), context, state);
    }

    private static Task Run(HttpContext context, RequestDelegate inner)
    {
        try
        {
            return inner(context);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private async Task EndAsync(Task task, HttpContext context, RequestState state)
    {
        var hasFailed = true;
        try
        {
            await task;
            hasFailed = false;
        }
        catch (Exception e) when (state.HasFailed && !context.Response.HasStarted)
        {
            await HandlerErrors.WriteAsync(context, e, log);
            hasFailed = false;
        }
        finally
        {
            if (state.Writes is { } writes)
                await acknowledgement.EndAsync(context, writes, hasFailed);
            End(context, state);
        }
    }

    private void End(HttpContext context, RequestState state)
    {
        // Asked first, because it costs less than the feature: most requests have no activity.
        if (Activity.Current is not null && state.Verdict is not CacheReason.None
            && context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            // Whatever served the error has a verdict of its own, which is not that of the request.
            var reason = state.HasFailed ? CacheReason.Failed : state.Verdict;
            activity.SetTag("freshet.verdict", XCache.Of(reason)).SetTag("freshet.reason", reason.Text());
        }

        RequestState.Detach(context);
        _pool.Return(state);
    }
}
