using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Security;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Memory;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Http;

/// <summary>Serves a cached request that no fresh entry answers: loads, follows a load, or forgives age where the policy allows it.</summary>
internal sealed class CachedRequest(
    CacheEngine engine, LoadRunner runner, TenantResolver tenants, Encodings encodings, SessionCarrier session, Acknowledgement acknowledgement, UncachedRequest uncached,
    NeverStored neverStored, CacheMetrics metrics, ILogger<CachedRequest> log)
{
    private bool _hasFailed;

    // The verdict says why no fresh entry answers it; expired is the entry that only its age stands against, if there is one.
    public Task ServeAsync(
        HttpContext context, RequestState state, EndpointPlan endpoint, CachePlan plan, in RequestScope scope, string key, CacheReason verdict,
        CacheEntry? expired, in CacheControl directives, RequestDelegate next)
    {
        var load = new HandlerLoad(endpoint, plan, scope, LoadContext.Reduce(context, plan, scope, tenants), verdict, Client: null, Writes: null);
        if (expired?.Value is StoredResponse stale
            && Freshness.AcceptsStale(directives)
            && Freshness.Judge(engine.AgeOf(expired), stale.Limits) is FreshnessVerdict.StaleWhileRevalidate)
        {
            if (stale.TryBeginRefresh())
                Refresh(key, stale, load, state.Arrival, next, context.GetEndpoint()?.DisplayName);
            return StaleAsync(context, state, expired, stale, CacheReason.StaleWhileRevalidate);
        }

        // RFC 9111 §5.2.1.7.
        if (directives.Has(CacheDirectives.OnlyIfCached))
        {
            state.Verdict = CacheReason.RequestDirective;
            ResponseWriter.WriteVerdict(context.Response.Headers, CacheReason.RequestDirective, CacheReason.RequestDirective, 0, stored: false, collapsed: false);
            return ProblemWriter.WriteAsync(context, StatusCodes.Status504GatewayTimeout, "Nothing is stored that may answer the request, and it asks for nothing else.");
        }

        load = load with { Client = context, Writes = acknowledgement.Open(context, state) };
        return LoadAsync(context, state, endpoint, load, key, verdict, directives, next);
    }

    private async Task LoadAsync(
        HttpContext context, RequestState state, EndpointPlan endpoint, HandlerLoad load, string key, CacheReason why, CacheControl directives,
        RequestDelegate next)
    {
        LoadOutcome outcome;
        try
        {
            outcome = await engine.LoadAsync(key, Request(load, state.Arrival, why, next, noStore: directives.Has(CacheDirectives.NoStore)), context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            state.Verdict = CacheReason.Cancelled;
            throw;
        }
        catch (HandlerFailedException e)
        {
            await FailAsync(context, state, load.Plan, key, e);
            return;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            if (!Interlocked.Exchange(ref _hasFailed, true))
                HttpLog.CacheFault(log, e);
            state.Verdict = CacheReason.CacheFault;
            metrics.Verdict("http", CacheReason.CacheFault);
            await uncached.ServeAsync(context, state, endpoint, CacheReason.CacheFault, next);
            return;
        }

        Note(load, context.GetEndpoint()?.DisplayName, outcome);
        state.Verdict = outcome.Reason;
        metrics.Verdict("http", outcome.Reason);
        if (state.Arrival.MustLoad && !context.Response.HasStarted)
            session.Renew(context);
        await AnswerAsync(context, state, load.Plan, key, outcome);
    }

    private Task AnswerAsync(HttpContext context, RequestState state, CachePlan plan, string key, LoadOutcome outcome)
    {
        switch (outcome.Value)
        {
            // Another node's answer, valid here.
            case StoredResponse response when outcome.Reason is CacheReason.FreshInStore:
                return ResponseWriter.WriteHitAsync(context, response, encodings.Choose(context, response), engine.AgeOf(outcome.Entry!), outcome.Reason);
            case StoredResponse response:
                var detail = outcome.NotStored is CacheReason.None ? outcome.Reason : outcome.NotStored;
                return ResponseWriter.WriteLoadedAsync(
                    context, response, encodings.Choose(context, response), outcome.Reason, detail,
                    stored: outcome.NotStored is CacheReason.None && !outcome.IsFollower, collapsed: outcome.IsFollower);
            case PlainResponse plain:
                // RFC 5861 §4: these statuses are errors too.
                if (plain.StatusCode is 500 or 502 or 503 or 504 && TryFindForgivable(key, state.Arrival, out var entry, out var stale))
                    return StaleAsync(context, state, entry, stale, CacheReason.StaleIfError);
                state.Verdict = outcome.NotStored;
                ResponseWriter.WriteVerdict(context.Response.Headers, outcome.Reason, outcome.NotStored, plain.StatusCode, stored: false, collapsed: false);
                return plain.WriteAsync(context);
            default:
                // Passed on to this client while it was made.
                state.Verdict = outcome.NotStored;
                return Task.CompletedTask;
        }
    }

    private Task FailAsync(HttpContext context, RequestState state, CachePlan plan, string key, HandlerFailedException failure)
    {
        if (!context.Response.HasStarted && plan.Limits.StaleIfError > TimeSpan.Zero && TryFindForgivable(key, state.Arrival, out var entry, out var stale))
        {
            HttpLog.HandlerFailed(log, failure.Cause, context.GetEndpoint()?.DisplayName, "stale by age");
            return StaleAsync(context, state, entry, stale, CacheReason.StaleIfError);
        }

        // The application's own pipeline handles it as it would without the cache; if nothing does, ArrivalStartupFilter does.
        state.Verdict = CacheReason.Failed;
        state.HasFailed = true;
        metrics.Verdict("http", CacheReason.Failed);
        failure.ThrowCause();
        return Task.CompletedTask;
    }

    // A follower's answer says nothing that its leader's does not.
    private void Note(HandlerLoad load, string? endpoint, in LoadOutcome outcome)
    {
        if (!outcome.IsFollower)
            neverStored.Note(load.Endpoint.Refusals, endpoint, outcome.NotStored, outcome.Detail);
    }

    // C15: looked up again, so what was touched while the load failed is not forgiven.
    private bool TryFindForgivable(string key, Arrival arrival, out CacheEntry entry, out StoredResponse response)
    {
        response = null!;
        if (engine.Look(key, arrival, out entry!) is not CacheReason.Expired || entry?.Value is not StoredResponse stored)
            return false;
        response = stored;
        return engine.AgeOf(entry) < stored.Limits.Lifetime + stored.Limits.StaleIfError;
    }

    private Task StaleAsync(HttpContext context, RequestState state, CacheEntry entry, StoredResponse response, CacheReason reason)
    {
        state.Verdict = reason;
        metrics.Verdict("http", reason);
        return ResponseWriter.WriteHitAsync(context, response, encodings.Choose(context, response), engine.AgeOf(entry), reason);
    }

    private LoadRequest Request(HandlerLoad load, Arrival arrival, CacheReason why, RequestDelegate next, bool noStore) =>
        new(load.Scope.Owner, arrival, why, (scope, cancel) =>
        {
            if (noStore)
                scope.DoNotStore(CacheReason.RequestDirective); // RFC 9111 §5.2.1.5
            return runner.RunAsync(load, next, scope, cancel);
        }, ResponseCodec.Instance);

    // The request that found it stale is answered at once; the load runs on the thread pool, on nobody's time.
    private void Refresh(string key, StoredResponse stale, HandlerLoad load, Arrival arrival, RequestDelegate next, string? endpoint) =>
        ThreadPool.UnsafeQueueUserWorkItem(
            _ => _ = RefreshAsync(key, stale, load, Request(load, arrival, CacheReason.Expired, next, noStore: false), endpoint), null);

    private async Task RefreshAsync(string key, StoredResponse stale, HandlerLoad load, LoadRequest request, string? endpoint)
    {
        try
        {
            Note(load, endpoint, await engine.LoadAsync(key, request, CancellationToken.None));
        }
        catch (Exception e)
        {
            HttpLog.RefreshFailed(log, e is HandlerFailedException failed ? failed.Cause : e, endpoint);
        }
        finally
        {
            stale.EndRefresh();
        }
    }
}
