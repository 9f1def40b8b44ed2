using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Security;
using Freshet.Invalidation;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Freshet.AspNetCore.Http;

/// <summary>One load to be run: what is left of its request, and the client that hears the answer if it streams.</summary>
/// <param name="Endpoint">Of which endpoint.</param>
/// <param name="Plan">The policy.</param>
/// <param name="Scope">Whose answer it is.</param>
/// <param name="Features">The reduced request (<see cref="LoadContext"/>).</param>
/// <param name="Why">Why no stored answer served the request.</param>
/// <param name="Client">The request that leads the load and waits for it; null for a background refresh.</param>
/// <param name="Writes">Notes what the handler writes, for the answer to that request (C10). What a background refresh writes is
/// acknowledged to nobody.</param>
internal sealed record HandlerLoad(
    EndpointPlan Endpoint, CachePlan Plan, RequestScope Scope, FeatureCollection Features, CacheReason Why, HttpContext? Client, AcknowledgedWrites? Writes)
{
    public string Culture { get; } = CultureInfo.CurrentCulture.Name;

    public string UICulture { get; } = CultureInfo.CurrentUICulture.Name;
}

/// <summary>
/// Runs the handler for the cache: on a request made from the key's parts, with services and a flow of its own, its answer
/// held back until it has ended.
/// </summary>
internal sealed class LoadRunner(
    IServiceScopeFactory scopes, TenantContext tenants, EntityModelSource model, Encodings encodings, AnswerGroups groups, TimeProvider time,
    IOptions<FreshetHttpOptions> options,
    ILogger<LoadRunner> log, IHttpContextAccessor? accessor = null)
{
    // RFC 9111 §3.1, RFC 9110 §7.6.1: about one connection or one message; and what the cache says itself.
    private static readonly HashSet<string> NotStored = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.KeepAlive, HeaderNames.ProxyAuthenticate, "Proxy-Authentication-Info", HeaderNames.ProxyConnection,
        HeaderNames.TE, HeaderNames.Trailer, HeaderNames.TransferEncoding, HeaderNames.Upgrade, HeaderNames.Date, HeaderNames.Server,
        HeaderNames.ContentLength, HeaderNames.ContentType, HeaderNames.LastModified, HeaderNames.Age, HeaderNames.ETag, HeaderNames.Vary,
        HeaderNames.CacheControl, HeaderNames.Expires, HeaderNames.Pragma, HeaderNames.SetCookie, XCache.HeaderName, "Cache-Status", AnswerGroups.Header, AnswerGroups.InvalidationHeader,
        SessionCarrier.Name,
    };

    /// <summary>Runs it. The value is a <see cref="StoredResponse"/>, a <see cref="PlainResponse"/> when it may not be stored,
    /// or null when the answer was passed on to the client as it was made.</summary>
    /// <exception cref="HandlerFailedException">The handler threw.</exception>
    public ValueTask<Loaded> RunAsync(HandlerLoad load, RequestDelegate handler, LoadScope scope, CancellationToken cancel)
    {
        var activity = Activity.Current;
        return new(EmptyFlow.Run(() =>
        {
            Activity.Current = activity;
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo(load.Culture);
            CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(load.UICulture);
            LoadScope.Current = scope;
            AcknowledgedWrites.Current = load.Writes;
            return RunInFlowAsync(load, handler, scope, cancel);
        }));
    }

    private async Task<Loaded> RunInFlowAsync(HandlerLoad load, RequestDelegate handler, LoadScope scope, CancellationToken cancel)
    {
        using var tenant = tenants.Enter(load.Scope.Owner);
        await using var services = scopes.CreateAsyncScope();
        using var lifetime = new LoadLifetime(cancel);
        var head = new LoadResponseFeature();
        var state = new RequestState { Load = scope, Verdict = load.Why };

        await using var body = new BufferedBody(
            load.Plan.MaxBodyBytes,
            () => ServerSentEvents.IsIn(head.Headers),
            (why, _) => PassOn(load, head, lifetime, scope, why),
            time,
            options.Value.StreamingAfter)
        {
            OnStarting = head.StartAsync,
        };

        var features = load.Features;
        features.Set<IHttpResponseFeature>(head);
        features.Set<IHttpResponseBodyFeature>(body);
        features.Set<IHttpRequestLifetimeFeature>(lifetime);
        features.Set<IServiceProvidersFeature>(new LoadServices(services.ServiceProvider));
        features.Set(state);
        var context = new DefaultHttpContext(features);
        if (accessor is not null)
            accessor.HttpContext = context;

        try
        {
            scope.EndsByAge = load.Plan.IsAgeOnly;
            Declare(load, context, scope);
            await handler(context);
            load.Writes?.HasHandlerEnded = true;
            await body.EndAsync();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            throw new HandlerFailedException(e);
        }
        finally
        {
            await head.CompleteAsync();
        }

        if (lifetime.IsAborted)
            scope.DoNotStore(CacheReason.Truncated);
        if (cancel.IsCancellationRequested)
            scope.DoNotStore(CacheReason.Cancelled);
        return body.IsPassedOn ? default : Capture(load, context, head, body.Held, state, scope);
    }

    private void Declare(HandlerLoad load, HttpContext context, LoadScope scope)
    {
        try
        {
            foreach (var template in load.Plan.TagTemplates)
            {
                foreach (var dependency in template.For(context))
                    scope.DependsOn(dependency);
            }

            foreach (var tag in load.Plan.Tags)
                scope.DependsOn(tag(context));
        }
        catch (Exception e)
        {
            // A delegate of the policy fails where the handler might not: the client gets the handler's answer.
            if (load.Endpoint.Refusals.TryWarn(CacheReason.TagInvalid))
                HttpLog.TagFault(log, e, context.GetEndpoint()?.DisplayName);
            scope.DoNotStore(CacheReason.TagInvalid, "a tag of its policy could not be made");
        }
    }

    private Loaded Capture(HandlerLoad load, HttpContext context, LoadResponseFeature head, ReadOnlySpan<byte> body, RequestState state, LoadScope scope)
    {
        var plan = load.Plan;
        var verdict = Storability.Judge(
            new CapturedResponse { StatusCode = head.StatusCode, Headers = head.Headers, BodyLength = body.Length }, plan.Statuses, plan.Headers);
        if (verdict is not CacheReason.None)
            scope.DoNotStore(verdict);
        else if (model.HasParts && !plan.IsAgeOnly && !scope.HasDependency)
            scope.DoNotStore(CacheReason.NoDependency);

        var version = state.Version ?? (plan.VersionProperty is { } property ? FindVersion(body, property) : null);
        if (scope.Refusal is not CacheReason.None)
            return new Loaded(new PlainResponse(head.StatusCode, head.Headers, body.ToArray(), version), 0, TimeSpan.Zero);

        var limits = Freshness.Limit(plan.Limits, CacheControl.Parse(head.Headers.CacheControl));
        var response = Store(load, context, head, body.ToArray(), version, limits, scope);
        return new Loaded(response, response.Bytes, limits.Lifetime, limits.Longest - limits.Lifetime);
    }

    private StoredResponse Store(
        HandlerLoad load, HttpContext context, LoadResponseFeature head, byte[] body, long? version, FreshnessLimits limits, LoadScope scope)
    {
        var plan = load.Plan;
        var headers = head.Headers;
        var isCompressible = encodings.IsCompressible(context);
        var own = headers.ETag.ToString();
        var tag = EntityTag.IsValid(own)
            ? own
            : ContentTag.Create(body, headers.ContentType, headers.ContentEncoding, headers.ContentLanguage, version);
        return new StoredResponse
        {
            StatusCode = head.StatusCode,
            Identity = new StoredVariant(null, body, tag),
            ContentType = headers.ContentType.Count > 0 ? headers.ContentType.ToString() : null,
            LastModified = headers.LastModified.Count > 0 ? headers.LastModified.ToString() : null,
            CacheControl = plan.CacheControl,
            Vary = isCompressible ? (plan.Vary is null ? HeaderNames.AcceptEncoding : $"{plan.Vary}, {HeaderNames.AcceptEncoding}") : plan.Vary,
            Groups = plan.NamesGroups ? groups.Of(scope.Snapshot().Dependencies, load.Scope.Owner, load.Scope.UserClaim?.Value) : null,
            Headers = [.. headers.Where(h => !NotStored.Contains(h.Key)).Select(h => new KeyValuePair<string, StringValues>(h.Key, h.Value))],
            Limits = limits,
            IsCompressible = isCompressible,
        };
    }

    // The answer goes to the client that leads the load, and to nobody else: who waits is released at once.
    private static ValueTask<Stream> PassOn(
        HandlerLoad load, LoadResponseFeature head, LoadLifetime lifetime, LoadScope scope, CacheReason why)
    {
        scope.DoNotStore(why);
        if (load.Client is not { } client)
        {
            // Nobody hears it: the handler is told to stop.
            lifetime.Abort();
            return new(Stream.Null);
        }

        client.Response.StatusCode = head.StatusCode;
        foreach (var (name, values) in head.Headers)
            client.Response.Headers[name] = name.Equals(HeaderNames.SetCookie, StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Vary, StringComparison.OrdinalIgnoreCase)
                ? StringValues.Concat(client.Response.Headers[name], values)
                : values;
        ResponseWriter.WriteVerdict(client.Response.Headers, load.Why, why, head.StatusCode, stored: false, collapsed: false);
        if (client.Response.Headers.CacheControl.Count == 0)
            client.Response.Headers.CacheControl = "private, no-cache";
        if (why is CacheReason.Streamed)
            client.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return new(client.Response.Body);
    }

    private static long? FindVersion(ReadOnlySpan<byte> body, string property)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isIt = reader.ValueTextEquals(property);
                reader.Read();
                if (isIt)
                    return reader.TokenType is JsonTokenType.Number && reader.TryGetInt64(out var version) ? version : null;
                reader.Skip();
            }

            return null;
        }
        catch (JsonException)
        {
            // Not JSON, so there is no such member.
            return null;
        }
    }

    private sealed class LoadLifetime : IHttpRequestLifetimeFeature, IDisposable
    {
        private readonly CancellationTokenSource _source;

        public LoadLifetime(CancellationToken cancel)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            RequestAborted = _source.Token;
        }

        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort()
        {
            IsAborted = true;
            _source.Cancel();
        }

        public void Dispose() => _source.Dispose();
    }

    private sealed class LoadServices(IServiceProvider services) : IServiceProvidersFeature
    {
        public IServiceProvider RequestServices { get; set; } = services;
    }
}
