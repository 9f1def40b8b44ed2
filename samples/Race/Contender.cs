using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace Race;

/// <summary>
/// A cache in front of the slow origin: GET / answers with the value, POST / writes it and invalidates what is cached.
/// </summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Invalidates">By which call it invalidates.</param>
/// <param name="AddServices">Its registration.</param>
/// <param name="Map">Its middleware and the two endpoints.</param>
internal sealed record Contender(string Name, string Invalidates, Action<IServiceCollection> AddServices, Action<WebApplication, SlowOrigin> Map)
{
    private const string Tag = "value";

    /// <summary>ASP.NET Core's output cache, with its protection against stampedes on (which is its default).</summary>
    public static Contender OutputCache { get; } = new(
        "OutputCache, locking on",
        "EvictByTagAsync",
        services => services.AddOutputCache(),
        (app, origin) =>
        {
            app.UseOutputCache();
            app.MapGet("/", () => origin.LoadAsync()).CacheOutput(policy => policy.Tag(Tag).SetLocking(true).Expire(TimeSpan.FromHours(1)));
            app.MapPost("/", async (int value, IOutputCacheStore store) =>
            {
                origin.Write(value);
                await store.EvictByTagAsync(Tag, CancellationToken.None);
            });
        });

    /// <summary>MemoryCache as it is mostly written by hand.</summary>
    public static Contender MemoryCache { get; } = new(
        "MemoryCache, GetOrCreateAsync",
        "Remove",
        services => services.AddMemoryCache(),
        (app, origin) =>
        {
            app.MapGet("/", (IMemoryCache cache) => cache.GetOrCreateAsync(Tag, entry =>
            {
                entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1);
                return origin.LoadAsync();
            }));
            app.MapPost("/", (int value, IMemoryCache cache) =>
            {
                origin.Write(value);
                cache.Remove(Tag);
            });
        });

    /// <summary>Freshet as its guide shows it.</summary>
    public static Contender Freshet { get; } = new(
        "Freshet",
        "RemoveByTagAsync",
        services => services.AddFreshet(),
        (app, origin) =>
        {
            app.UseFreshet();
            app.MapGet("/", () => origin.LoadAsync()).Cached(policy => policy.Tag(Tag).For(TimeSpan.FromHours(1)));
            app.MapPost("/", async (int value, HybridCache cache) =>
            {
                origin.Write(value);
                await cache.RemoveByTagAsync(Tag, CancellationToken.None);
            });
        });

    public static IReadOnlyList<Contender> All { get; } = [OutputCache, MemoryCache, Freshet];
}
