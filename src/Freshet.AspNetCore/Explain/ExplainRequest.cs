using System.Globalization;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Security;
using Freshet.Diagnostics;
using Freshet.Keys;
using Freshet.Loading;
using Freshet.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Explain;

/// <summary>
/// <c>GET /freshet/explain?url=/api/…</c>, in Development: what the cache would do with that URL, asked with the credentials
/// of whoever asks. The request travels the pipeline in the other one's place, so routing, authentication and authorization
/// are the real ones; the handler is not run.
/// </summary>
internal sealed class ExplainRequest(
    EndpointPlans plans, CacheEngine engine, TenantResolver tenants, SessionCarrier session, IOptions<FreshetOptions> options,
    IOptions<FreshetHttpOptions> http)
{
    private static readonly PathString Path = new("/freshet/explain");

    /// <summary>Turns the request for an explanation into the one that is to be explained.</summary>
    public static void Rewrite(HttpContext context, RequestState state)
    {
        var request = context.Request;
        if (!request.Path.Equals(Path, StringComparison.Ordinal) || !HttpMethods.IsGet(request.Method))
            return;
        state.IsExplain = true;

        // Unescaped, everything behind url= belongs to it; escaped, it is one value.
        var query = request.QueryString.Value ?? "";
        var url = query.StartsWith("?url=", StringComparison.Ordinal) ? query["?url=".Length..] : "/";
        if (!url.AsSpan().ContainsAny('?', '&'))
            url = Uri.UnescapeDataString(url);
        if (!Uri.TryCreate(new Uri(request.GetEncodedUrl()), url, out var target))
            return;
        request.Path = PathString.FromUriComponent(target);
        request.QueryString = QueryString.FromUriComponent(target);
    }

    public Task AnswerAsync(HttpContext context, RequestState state)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(Explain(context, state), context.RequestAborted);
    }

    private Explanation Explain(HttpContext context, RequestState state)
    {
        var url = context.Request.Path.ToUriComponent() + context.Request.QueryString;
        if (context.GetEndpoint() is not { } endpoint)
            return new Explanation(url, null, Verdict(CacheReason.NoPolicy), "No endpoint answers this URL.");
        var plan = plans.For(endpoint);
        if (plan.Cached is not { } cached)
            return new Explanation(url, endpoint.DisplayName, Verdict(CacheReason.NoPolicy), plan.Fault ?? "The endpoint is not cached; answers are asked for conditionally.");

        var explanation = new Explanation(url, endpoint.DisplayName, "", null) { Policy = Describe(cached), LastNotStored = plan.Refusals.Last is { } last ? Describe(last.Reason, last.Detail) : null };
        if (!options.Value.Enabled)
            return explanation with { Verdict = Verdict(CacheReason.Disabled) };
        if (!RequestScope.TryGet(context, cached, tenants, http.Value.UserClaims, out var scope))
            return explanation with { Verdict = Verdict(CacheReason.ScopeUnknown), Note = "The tenant or the user of this request is not known." };
        if (!cached.Conditions.All(condition => condition(context)))
            return explanation with { Verdict = Verdict(CacheReason.Condition) };

        var key = new KeyWriter(stackalloc char[512]);
        try
        {
            RequestKey.Write(ref key, cached, scope, context);
            if (key.Error is not KeyPartError.None)
                return explanation with { Verdict = Verdict(CacheReason.KeyInvalid), Note = $"The {key.ErrorPart} cannot be part of a key." };

            var arrival = session.Apply(context, state.Arrival);
            var reason = engine.Look(key.Written, arrival, out var entry);
            var mark = entry?.Value as HitForPass;
            return explanation with
            {
                Verdict = mark is null ? Verdict(reason) : $"{XCache.Of(reason)} ({reason.Text()}: {mark.Reason.Text()})",
                LastLoad = mark is null ? null : Describe(mark.Reason, mark.Detail),
                Key = KeyParts(context, cached, scope),
                ArrivalTick = arrival.Tick,
                MustLoad = arrival.MustLoad,
                Entry = entry is null || mark is not null ? null : Describe(entry),
            };
        }
        finally
        {
            key.Dispose();
        }
    }

    private static string Verdict(CacheReason reason) => $"{XCache.Of(reason)} ({reason.Text()})";

    private static ExplainedPolicy Describe(CachePlan plan) => new(
        plan.Scope.ToString(), plan.Limits.Lifetime.TotalSeconds, plan.Limits.StaleWhileRevalidate.TotalSeconds, plan.Limits.StaleIfError.TotalSeconds,
        plan.Statuses, plan.QueryNames, plan.Headers, plan.Cookies, plan.Claims, plan.KeyParts.Length, plan.Conditions.Length, plan.CacheControl);

    private static ExplainedRefusal Describe(CacheReason reason, string? detail) => new(reason.Text(), detail, reason.Advice());

    private ExplainedEntry Describe(CacheEntry entry) => new(
        engine.AgeOf(entry).TotalSeconds,
        entry.Fence,
        entry.Bytes,
        (entry.Value as StoredResponse)?.Identity.ETag,
        [.. entry.Dependencies.Select(d => $"{d.Tenant}: {d.Dependency}").Order(StringComparer.Ordinal)]);

    // In the order in which RequestKey writes them.
    private static List<ExplainedPart> KeyParts(HttpContext context, CachePlan plan, RequestScope scope)
    {
        var request = context.Request;
        List<ExplainedPart> parts =
        [
            new("tenant", scope.Owner.ToString()),
            new("authenticated", scope.IsAuthenticated ? "yes" : "no"),
            new("user", scope.UserClaim?.Value),
            .. plan.Claims.Select(type => new ExplainedPart($"claim {type}", string.Join(", ", context.User.FindAll(type).Select(c => c.Value)))),
            new("scheme", request.Scheme),
            new("host", request.Host.Value),
            new("path base", request.PathBase.Value),
            new("path", request.Path.Value),
            .. request.RouteValues.Select(v => new ExplainedPart($"route value {v.Key}", Convert.ToString(v.Value, CultureInfo.InvariantCulture))),
            .. plan.QueryNames is null
                ? [new ExplainedPart("query", request.QueryString.Value)]
                : plan.QueryNames.Select(name => new ExplainedPart($"query {name}", request.Query[name])),
            .. plan.Headers.Select(name => new ExplainedPart($"header {name}", request.Headers[name])),
            .. plan.Cookies.Select(name => new ExplainedPart($"cookie {name}", request.Cookies[name])),
            new("culture", CultureInfo.CurrentCulture.Name),
            new("UI culture", CultureInfo.CurrentUICulture.Name),
            .. plan.KeyParts.Select(part => new ExplainedPart("VaryBy", part(context))),
        ];
        return parts;
    }
}

internal sealed record Explanation(string Url, string? Endpoint, string Verdict, string? Note)
{
    public ExplainedPolicy? Policy { get; init; }

    /// <summary>Why the last load of this key was not stored, while that is remembered.</summary>
    public ExplainedRefusal? LastLoad { get; init; }

    /// <summary>Why the last answer of the endpoint that was not stored was not, whatever its key.</summary>
    public ExplainedRefusal? LastNotStored { get; init; }

    public List<ExplainedPart>? Key { get; init; }

    public long? ArrivalTick { get; init; }

    public bool? MustLoad { get; init; }

    public ExplainedEntry? Entry { get; init; }
}

internal sealed record ExplainedPolicy(
    string Scope, double LifetimeSeconds, double StaleWhileRevalidateSeconds, double StaleIfErrorSeconds, int[] Statuses, string[]? QueryNames,
    string[] Headers, string[] Cookies, string[] Claims, int VaryBy, int Conditions, string CacheControl);

internal sealed record ExplainedRefusal(string Reason, string? Detail, string Advice);

internal sealed record ExplainedPart(string Part, string? Value);

internal sealed record ExplainedEntry(double AgeSeconds, long Fence, long Bytes, string? ETag, string[] Dependencies);
