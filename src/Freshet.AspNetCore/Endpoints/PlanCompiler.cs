using System.Buffers.Text;
using System.Collections.Frozen;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Http;
using Freshet.Keys;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>Compiles what was declared on an endpoint into its plan, or says what is wrong with it.</summary>
internal sealed class PlanCompiler(
    IOptions<FreshetOptions> options, IOptions<NamedPolicies> named, IOptions<AuthorizationOptions> authorization, IServiceProvider services)
{
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly string _process = RandomNumberGenerator.GetHexString(32);
    private volatile FrozenSet<string> _only = [];

    /// <summary>Takes note of the endpoints that are there at start.</summary>
    public void Know(IReadOnlyList<Endpoint> endpoints) =>
        _only = endpoints.GroupBy(Identity, StringComparer.Ordinal).Where(g => g.Count() == 1).Select(g => g.Key).ToFrozenSet(StringComparer.Ordinal);

    public EndpointPlan Compile(Endpoint endpoint)
    {
        var needsAuthorization = NeedsAuthorization(endpoint);
        var ifMatch = endpoint.Metadata.GetMetadata<IfMatchMetadata>();
        if (endpoint.Metadata.GetMetadata<EventsMetadata>() is not null)
            return new EndpointPlan { PassesThrough = true };
        var declared = endpoint.Metadata.GetOrderedMetadata<ICachedMetadata>();
        if (declared.Count == 0 || !AnswersGet(endpoint))
            return new EndpointPlan { NeedsAuthorization = needsAuthorization, IfMatch = ifMatch };

        var policy = new CachePolicyBuilder(options.Value.DefaultLifetime);
        foreach (var metadata in declared)
        {
            if (metadata.PolicyName is { } name)
            {
                if (!named.Value.Policies.TryGetValue(name, out var configure))
                    return Faulty($"names the cache policy '{name}', which is not known. Define it: AddFreshet().Policy(\"{name}\", …).");
                configure(policy);
            }

            metadata.Apply(policy);
        }

        if (!policy.AreFiltersOnLoadOnly && FindFilter(endpoint) is { } filter)
        {
            return Faulty(
                $"is cached and has {filter}: a stored answer would be given without running it. Decide who may see the answer by authorization " +
                "(RequireAuthorization, [Authorize]), or say .FiltersOnLoadOnly() in the policy if the filter need not run for stored answers.");
        }

        foreach (var template in policy.TagTemplates)
        {
            if (template.RouteValues.FirstOrDefault(name => !HasRouteValue(endpoint, name)) is { } missing)
                return Faulty($"depends on the tag '{template}', and its route '{PatternOf(endpoint)}' has no value '{missing}'. Correct the name, or give the endpoint a tag of its own.");
        }

        return new EndpointPlan { Cached = Plan(endpoint, policy), NeedsAuthorization = needsAuthorization, IfMatch = ifMatch };

        EndpointPlan Faulty(string what) => new()
        {
            NeedsAuthorization = needsAuthorization,
            IfMatch = ifMatch,
            Fault = $"The endpoint '{endpoint.DisplayName}' {what}",
        };
    }

    private CachePlan Plan(Endpoint endpoint, CachePolicyBuilder policy)
    {
        var vary = new List<string>(policy.Headers);
        if (policy.Cookies.Count > 0)
            vary.Add("Cookie");
        // A browser that may answer by itself must notice that somebody else has signed in.
        if (policy.BrowserLifetime > TimeSpan.Zero && (policy.Scope is not CacheScope.Public || policy.Claims.Count > 0))
            vary.AddRange(["Cookie", "Authorization"]);

        return new CachePlan
        {
            KeyPrefix = Prefix(endpoint, policy),
            Limits = new FreshnessLimits(policy.Lifetime, policy.RevalidateWindow, policy.ErrorWindow),
            Scope = policy.Scope,
            Claims = [.. policy.Claims],
            Headers = [.. policy.Headers],
            Cookies = [.. policy.Cookies],
            QueryNames = policy.IsWholeQuery ? null : policy.QueryNames?.ToArray() ?? DeclaredQuery.Of(endpoint),
            KeyParts = [.. policy.KeyParts],
            Tags = [.. policy.Tags],
            TagTemplates = [.. policy.TagTemplates],
            IsAgeOnly = policy.IsAgeOnly,
            Conditions = [.. policy.Conditions],
            Statuses = policy.StoredStatuses,
            MaxBodyBytes = policy.MaxBodyBytes,
            VersionProperty = policy.VersionProperty,
            CacheControl = policy.BrowserLifetime > TimeSpan.Zero
                ? string.Create(CultureInfo.InvariantCulture, $"private, max-age={(long)policy.BrowserLifetime.TotalSeconds}")
                : "private, no-cache",
            NamesGroups = policy.KeyParts.Count == 0 && policy.BrowserLifetime <= TimeSpan.Zero,
            Vary = vary.Count > 0 ? string.Join(", ", vary.Distinct(StringComparer.OrdinalIgnoreCase)) : null,
        };
    }

    private static bool HasRouteValue(Endpoint endpoint, string name) => endpoint is not RouteEndpoint { RoutePattern: var pattern }
        || pattern.GetParameter(name) is not null
        || pattern.Defaults.ContainsKey(name)
        || pattern.RequiredValues.ContainsKey(name);

    private static string? PatternOf(Endpoint endpoint) => (endpoint as RouteEndpoint)?.RoutePattern.RawText;

    private static string Identity(Endpoint endpoint) => $"{PatternOf(endpoint)}\n{endpoint.DisplayName}";

    private string Prefix(Endpoint endpoint, CachePolicyBuilder policy)
    {
        using var writer = new KeyWriter(stackalloc char[256]);
        writer.Append("http", "kind");
        writer.Append(options.Value.AppVersion, "application version");
        writer.Append(PatternOf(endpoint), "route pattern");
        writer.Append(endpoint.DisplayName, "endpoint");
        writer.Append(Namesake(endpoint), "endpoint");
        writer.AppendCount((int)policy.Scope, "scope");
        writer.Append(Fingerprint(policy), "policy");
        return writer.ToString();
    }

    // Endpoints of one name may differ by host, header or version, so a number tells them apart. It comes in the order in which requests
    // meet them, which no other process has: what they answer is not shared. Null for an endpoint that is the only one of its name.
    private string? Namesake(Endpoint endpoint)
    {
        var identity = Identity(endpoint);
        if (_only.Contains(identity))
            return null;
        lock (_gate)
        {
            _known[identity] = _known.GetValueOrDefault(identity) + 1;
            return string.Create(CultureInfo.InvariantCulture, $"{_process}{_known[identity]}");
        }
    }

    // What follows the prefix means what the policy says. It may be another one after routes were built anew, or on a node that is set up
    // otherwise.
    private static string Fingerprint(CachePolicyBuilder policy)
    {
        using var writer = new KeyWriter(stackalloc char[256]);
        foreach (var names in (IEnumerable<string>?[])[policy.Claims, policy.Headers, policy.Cookies, policy.IsWholeQuery ? null : policy.QueryNames])
        {
            string[] all = [.. names ?? []];
            writer.AppendCount(all.Length, "policy");
            foreach (var name in all)
                writer.Append(name, "policy");
        }

        writer.AppendCount(policy.IsWholeQuery ? 2 : policy.QueryNames is null ? 1 : 0, "policy");
        writer.AppendCount(policy.KeyParts.Count, "policy");
        return Base64Url.EncodeToString(SHA256.HashData(MemoryMarshal.AsBytes(writer.Written)).AsSpan(0, 6));
    }

    private bool NeedsAuthorization(Endpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return false;
        return endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null
            || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null
            || endpoint.Metadata.GetMetadata<IAuthorizationRequirementData>() is not null
            || authorization.Value.FallbackPolicy is not null;
    }

    private static bool AnswersGet(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not { HttpMethods: { Count: > 0 } methods } || methods.Any(HttpMethods.IsGet);

    private string? FindFilter(Endpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<EndpointFiltersMetadata>() is not null)
            return "an endpoint filter";

        var filters = endpoint.Metadata.GetMetadata<ActionDescriptor>()?.FilterDescriptors ?? [];
        return filters.Select(f => f.Filter).FirstOrDefault(Authorizes) is { } filter ? $"the authorization filter {filter.GetType().Name}" : null;
    }

    private bool Authorizes(IFilterMetadata filter) => filter switch
    {
        IAuthorizationFilter or IAsyncAuthorizationFilter => true,
        TypeFilterAttribute { ImplementationType: var type } => IsAuthorization(type),
        ServiceFilterAttribute { ServiceType: var type } => IsAuthorization(type),
        IFilterFactory factory => IsAuthorization(Create(factory)?.GetType()),
        _ => false,
    };

    private IFilterMetadata? Create(IFilterFactory factory)
    {
        using var scope = services.GetRequiredService<IServiceScopeFactory>().CreateScope();
        return factory.CreateInstance(scope.ServiceProvider);
    }

    private static bool IsAuthorization(Type? type) =>
        typeof(IAuthorizationFilter).IsAssignableFrom(type) || typeof(IAsyncAuthorizationFilter).IsAssignableFrom(type);
}

/// <summary>The policies that have names.</summary>
internal sealed class NamedPolicies
{
    public Dictionary<string, Action<CachePolicyBuilder>> Policies { get; } = new(StringComparer.Ordinal);
}
