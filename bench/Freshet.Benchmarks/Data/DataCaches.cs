using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ZiggyCreatures.Caching.Fusion;

namespace Freshet.Benchmarks.Data;

/// <summary>The data caches that are measured, each with the defaults of a host that has set nothing.</summary>
internal static class DataCaches
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    public static HybridCache Microsoft() => Provider(static services => services.AddHybridCache()).GetRequiredService<HybridCache>();

    public static HybridCache Freshet() => Provider(static services => services.AddFreshetCore(
        static options => options.Memory.CapacityBytes = 2L << 30)).GetRequiredService<HybridCache>();

    public static IFusionCache Fusion() => Provider(static services => services.AddFusionCache()).GetRequiredService<IFusionCache>();

    private static ServiceProvider Provider(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddLogging(static logging => logging.ClearProviders());
        add(services);
        return services.BuildServiceProvider();
    }
}
