using System.Diagnostics.Metrics;
using Freshet;
using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the engine to an application.</summary>
public static class FreshetServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine without HTTP: <see cref="HybridCache"/>, tenants and invalidation, for workers and tools. An API
    /// calls <c>AddFreshet</c> of the package <c>Freshet.AspNetCore</c>, which includes this.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Changes settings after the configuration section <c>Freshet</c> has been read.</param>
    /// <exception cref="OptionsValidationException">At start, when a setting is out of its range; the message names the key.</exception>
    public static FreshetBuilder AddFreshetCore(this IServiceCollection services, Action<FreshetOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<FreshetOptions>()
            .Configure<IServiceProvider>(static (o, provider) => provider.GetService<IConfiguration>()?.GetSection("Freshet").Bind(o))
            .ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<FreshetOptions>, FreshetOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => NodeSecret.Random());
        services.TryAddSingleton<TenantContext>();
        services.TryAddSingleton(p => new CacheMetrics(p.GetService<IMeterFactory>()));
        services.TryAddSingleton(p => new TagClocks(Options(p).TagClocks));
        services.TryAddSingleton<IInvalidationStore>(p => new EmbeddedStore(p.GetRequiredService<TagClocks>(), Options(p).LogRecords, p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(p => new MemoryStore(Options(p).Memory, p.GetRequiredService<TimeProvider>(), static entry => !entry.Clocks.Untouched(entry.Fence)));
        services.TryAddSingleton(p => new OriginGate(Options(p).MaxConcurrentLoads, Options(p).LoadWait, p.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(p => new LoaderSettings(Options(p).LoadWait, Options(p).HitForPass));
        services.TryAddSingleton<Loader>();
        services.TryAddSingleton<CacheEngine>();
        services.TryAddSingleton<DataSerializers>();
        services.TryAddSingleton<AgingData>();
        services.TryAddSingleton<HybridCache, DataCache>();
        services.AddEntityModel();
        services.AddHostedService<StartReport>();
        return new FreshetBuilder(services);
    }

    private static FreshetOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<FreshetOptions>>().Value;
}
