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
internal sealed class ArrivalStartupFilter(CacheEngine engine, StartupCheck check, IHostEnvironment environment, ILogger<ArrivalStartupFilter> log) : IStartupFilter
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

        // No state machine for the requests that end at once, as hits do.
        Task task;
        try
        {
            task = inner(context);
        }
        catch (Exception e)
        {
            task = Task.FromException(e);
        }

        if (!task.IsCompletedSuccessfully)
            return EndAsync(task, context, state);
        End(context, state);
        return task;
    }

    private async Task EndAsync(Task task, HttpContext context, RequestState state)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (state.HasFailed && !context.Response.HasStarted)
        {
            await HandlerErrors.WriteAsync(context, e, log);
        }
        finally
        {
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
