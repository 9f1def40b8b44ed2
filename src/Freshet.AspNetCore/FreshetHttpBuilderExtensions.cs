using Freshet;
using Freshet.AspNetCore;
using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Explain;
using Freshet.AspNetCore.Http;
using Freshet.AspNetCore.Security;
using Freshet.Events;
using Freshet.Loading;
using Freshet.Storage;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the cache to an API, and says how it works.</summary>
public static class FreshetHttpBuilderExtensions
{
    /// <summary>
    /// Adds the cache: for responses, with <c>app.UseFreshet()</c> and <c>.Cached()</c> on endpoints, and for data, as
    /// <see cref="Caching.Hybrid.HybridCache"/>. Without a store it is embedded: coherent within this process.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings after the configuration section <c>Freshet</c> has been read.</param>
    public static FreshetBuilder AddFreshet(this IServiceCollection services, Action<FreshetOptions>? configure = null)
    {
        var builder = services.AddFreshetCore(configure);
        services.AddOptions<FreshetHttpOptions>().PostConfigure<NodeSecret>(static (o, secret) =>
        {
            if (o.SessionKey is { Length: > 0 })
                return;
            o.SessionKey = secret.KeyFor("session");
            foreach (var accepted in secret.AcceptedFor("session"))
                o.AcceptedSessionKeys.Add(accepted);
        });
        services.TryAddSingleton(p => new SessionKeys(p.GetRequiredService<IOptions<FreshetHttpOptions>>().Value));
        services.AddSingleton(p => p.GetRequiredService<SessionKeys>().ToSetting());
        services.AddSingleton(p => new AgreedSetting(
            "Tenants", p.GetRequiredService<TenantContext>().IsRequired ? "declared" : "none", [],
            "Declare tenants on all nodes, or on none: without tenants a node does not hear of the writes to a tenant's data."));
        services.TryAddSingleton(TenantResolver.Implicit);
        services.TryAddSingleton<PlanCompiler>();
        services.TryAddSingleton<EndpointPlans>();
        services.TryAddSingleton<StartupCheck>();
        services.TryAddSingleton<Encodings>();
        services.TryAddSingleton<SessionCarrier>();
        services.TryAddSingleton<Acknowledgement>();
        services.TryAddSingleton<NeverStored>();
        services.TryAddSingleton<LoadRunner>();
        services.TryAddSingleton<CachedRequest>();
        services.TryAddSingleton<UncachedRequest>();
        services.TryAddSingleton<ExplainRequest>();
        services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, CachedApiDescriptions>());
        AddEvents(services);

        // C1: the arrival is taken ahead of whatever other filters put into the pipeline.
        if (!services.Any(s => s.ImplementationType == typeof(ArrivalStartupFilter)))
            services.Insert(0, ServiceDescriptor.Transient<IStartupFilter, ArrivalStartupFilter>());
        return builder;
    }

    private static void AddEvents(IServiceCollection services)
    {
        services.AddOptions<CacheEventOptions>()
            .Configure<IServiceProvider>(static (o, provider) => provider.GetService<IConfiguration>()?.GetSection("Freshet:Events").Bind(o))
            .ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CacheEventOptions>, CacheEventOptionsValidator>());
        services.TryAddSingleton(p => new GroupNames(p.GetRequiredService<SessionKeys>().Own, p.GetRequiredService<SessionKeys>().Accepted));
        services.TryAddSingleton<InvalidationFeed>();
        services.TryAddSingleton<AnswerGroups>();
        services.TryAddSingleton<EventMetrics>();
        services.TryAddSingleton<EventEndpoint>();
        services.TryAddSingleton(p => new CacheEventManager(
            p.GetRequiredService<CacheEngine>(), p.GetRequiredService<InvalidationFeed>(), p.GetRequiredService<SessionCarrier>(),
            p.GetRequiredService<IOptions<CacheEventOptions>>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<EventMetrics>(),
            p.GetRequiredService<IServiceScopeFactory>(), p.GetRequiredService<IHostApplicationLifetime>()));
    }

    /// <summary>
    /// Says that data belongs to tenants, and where the tenant of a request comes from. From then on nothing has a tenant by
    /// itself: a request without one is not cached unless its endpoint is public, and a job enters its tenant with
    /// <see cref="TenantContext.Enter(string)"/>.
    /// </summary>
    /// <exception cref="ArgumentException">No source was named.</exception>
    public static FreshetBuilder Tenants(this FreshetBuilder builder, Action<TenantsBuilder> sources)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(sources);
        var declared = new TenantsBuilder();
        sources(declared);
        if (declared.Sources.Count == 0)
            throw new ArgumentException("Tenants(…) names no source. Say where the tenant comes from: Tenants(t => t.FromClaim(\"tenant\")).", nameof(sources));
        builder.Services.Replace(ServiceDescriptor.Singleton(new TenantContext { IsRequired = true }));
        builder.Services.Replace(ServiceDescriptor.Singleton(new TenantResolver([.. declared.Sources], [.. declared.Claims])));
        return builder;
    }

    /// <summary>Gives a policy a name, for <c>.Cached("name")</c> and <c>[Cached(Policy = "name")]</c>.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name, compared ordinally.</param>
    /// <param name="policy">Says how; called for each endpoint that uses it.</param>
    /// <exception cref="ArgumentException">There is a policy of that name.</exception>
    public static FreshetBuilder Policy(this FreshetBuilder builder, string name, Action<CachePolicyBuilder> policy)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(policy);
        builder.Services.Configure<NamedPolicies>(named => named.Policies.Add(name, policy));
        return builder;
    }

    /// <summary>Changes the settings of HTTP caching.</summary>
    public static FreshetBuilder Http(this FreshetBuilder builder, Action<FreshetHttpOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure(configure);
        return builder;
    }
}
