using System.Runtime.CompilerServices;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Explain;
using Freshet.AspNetCore.Security;
using Freshet.Diagnostics;
using Freshet.Keys;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Answers what it can from the cache, has the rest loaded, and gives every other answer its validators.
/// </summary>
/// <remarks>
/// <para>A request goes one of three ways: a GET or HEAD of a cached endpoint is looked up, and loaded by
/// <see cref="CachedRequest"/> when that gives nothing; another GET is answered conditionally by
/// <see cref="UncachedRequest"/>; the rest, writes above all, is accompanied by it too.</para>
/// <para>The look-up is synchronous and allocates nothing: the key is written to the stack and found by span.</para>
/// </remarks>
internal sealed class CacheMiddleware
{
    private readonly RequestDelegate _next;
    private readonly EndpointPlans _plans;
    private readonly CacheEngine _engine;
    private readonly TenantResolver _tenants;
    private readonly Encodings _encodings;
    private readonly SessionCarrier _session;
    private readonly CachedRequest _cached;
    private readonly UncachedRequest _uncached;
    private readonly ExplainRequest _explain;
    private readonly NeverStored _neverStored;
    private readonly CacheMetrics _metrics;
    private readonly FreshetOptions _options;
    private readonly IList<string> _userClaims;
    private readonly ILogger<CacheMiddleware> _log;
    private readonly bool _logsRequests;
    private bool _hasFailed;

    public CacheMiddleware(
        RequestDelegate next, EndpointPlans plans, CacheEngine engine, TenantResolver tenants, Encodings encodings, SessionCarrier session,
        CachedRequest cached, UncachedRequest uncached, ExplainRequest explain, NeverStored neverStored, CacheMetrics metrics, IOptions<FreshetOptions> options,
        IOptions<FreshetHttpOptions> http, IHostEnvironment environment, ILogger<CacheMiddleware> log)
    {
        _next = next;
        _plans = plans;
        _engine = engine;
        _tenants = tenants;
        _encodings = encodings;
        _session = session;
        _cached = cached;
        _uncached = uncached;
        _explain = explain;
        _neverStored = neverStored;
        _metrics = metrics;
        _options = options.Value;
        _userClaims = http.Value.UserClaims;
        _log = log;
        _logsRequests = environment.IsDevelopment();
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (RequestState.Of(context) is not { } state)
            throw new InvalidOperationException("UseFreshet() needs AddFreshet(): builder.Services.AddFreshet().");
        if (state.IsExplain)
            return _explain.AnswerAsync(context, state);
        return _logsRequests ? LoggedAsync(context, state) : ServeAsync(context, state);
    }

    private async Task LoggedAsync(HttpContext context, RequestState state)
    {
        var (method, path) = (context.Request.Method, context.Request.Path);
        try
        {
            await ServeAsync(context, state);
            Log(state.Verdict);
        }
        catch
        {
            // Whoever handles it further out decides on the status.
            var verdict = state.Verdict;
            context.Response.OnCompleted(() =>
            {
                Log(verdict);
                return Task.CompletedTask;
            });
            throw;
        }

        void Log(CacheReason verdict) => HttpLog.Request(_log, method, path, context.Response.StatusCode, verdict, XCache.Of(verdict));
    }

    private Task ServeAsync(HttpContext context, RequestState state)
    {
        var plan = context.GetEndpoint() is { } endpoint ? _plans.For(endpoint) : null;
        if (plan?.Cached is not { } cached)
        {
            if (plan is { PassesThrough: true })
                return _next(context);
            if (plan?.Fault is { } fault && !plan.HasReported)
            {
                plan.HasReported = true;
                HttpLog.PlanFault(_log, fault);
            }

            return BypassAsync(context, state, plan, CacheReason.NoPolicy);
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            return BypassAsync(context, state, plan, CacheReason.Method);
        if (!_options.Enabled)
            return BypassAsync(context, state, plan, CacheReason.Disabled);

        try
        {
            return LookUpAsync(context, state, plan, cached);
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // A fault of the cache, or of a delegate in the policy, must not become the client's.
            return FaultAsync(context, state, plan, e);
        }
    }

    [SkipLocalsInit] // the key's buffer is written before it is read
    private Task LookUpAsync(HttpContext context, RequestState state, EndpointPlan plan, CachePlan cached)
    {
        if (plan.NeedsAuthorization && !context.Items.ContainsKey("__AuthorizationMiddlewareWithEndpointInvoked"))
        {
            if (!plan.HasReported)
            {
                plan.HasReported = true;
                HttpLog.AuthorizationNotRun(_log, context.GetEndpoint()?.DisplayName);
            }

            return BypassAsync(context, state, plan, CacheReason.AuthorizationNotRun);
        }

        if (!IsCacheable(context.Request))
            return BypassAsync(context, state, plan, CacheReason.RequestNotCacheable);
        foreach (var condition in cached.Conditions)
        {
            if (!condition(context))
                return BypassAsync(context, state, plan, CacheReason.Condition);
        }

        if (!RequestScope.TryGet(context, cached, _tenants, _userClaims, out var scope))
        {
            _neverStored.Note(plan.Refusals, context.GetEndpoint()?.DisplayName, CacheReason.ScopeUnknown, null);
            return BypassAsync(context, state, plan, CacheReason.ScopeUnknown);
        }

        var key = new KeyWriter(stackalloc char[512]);
        try
        {
            RequestKey.Write(ref key, cached, scope, context);
            return key.Error is KeyPartError.None
                ? LookUpAsync(context, state, plan, cached, scope, key.Written)
                : BypassAsync(context, state, plan, CacheReason.KeyInvalid);
        }
        finally
        {
            key.Dispose();
        }
    }

    private Task LookUpAsync(HttpContext context, RequestState state, EndpointPlan plan, CachePlan cached, in RequestScope scope, ReadOnlySpan<char> key)
    {
        var directives = CacheControl.Parse(context.Request.Headers.CacheControl);
        // RFC 9111 §5.2.1.4 (no-cache) asks for what is current. Every look-up is judged by what the node knows now, so there
        // is nothing more to do; a later arrival would be a later fence (C1).
        state.Arrival = _session.Apply(context, state.Arrival);

        var verdict = _engine.Look(key, state.Arrival, out var entry, out var now);
        if (verdict is CacheReason.Fresh && entry!.Value is StoredResponse response)
            return HitAsync(context, state, response, _engine.AgeOf(entry, now));
        return _cached.ServeAsync(context, state, plan, cached, scope, key.ToString(), verdict, entry, directives, _next);
    }

    private Task HitAsync(HttpContext context, RequestState state, StoredResponse response, TimeSpan age)
    {
        state.Verdict = CacheReason.Fresh;
        _metrics.Verdict("http", CacheReason.Fresh);
        return ResponseWriter.WriteHitAsync(context, response, _encodings.Choose(context, response), age, CacheReason.Fresh);
    }

    private Task BypassAsync(HttpContext context, RequestState state, EndpointPlan? plan, CacheReason reason)
    {
        state.Verdict = reason;
        _metrics.Verdict("http", reason);
        return _uncached.ServeAsync(context, state, plan, reason, _next);
    }

    private Task FaultAsync(HttpContext context, RequestState state, EndpointPlan plan, Exception fault)
    {
        if (!Interlocked.Exchange(ref _hasFailed, true))
            HttpLog.CacheFault(_log, fault);
        return BypassAsync(context, state, plan, CacheReason.CacheFault);
    }

    // A body, an upgrade: nothing that a key describes. A range is answered with the whole, as RFC 9110 §14.2 allows.
    private static bool IsCacheable(HttpRequest request) =>
        request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0 && request.Headers.Upgrade.Count == 0;
}
