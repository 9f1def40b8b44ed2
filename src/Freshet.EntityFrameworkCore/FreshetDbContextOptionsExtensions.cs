using Freshet.EntityFrameworkCore.Interception;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Connects a context with the cache whose options the container does not make.</summary>
public static class FreshetDbContextOptionsExtensions
{
    /// <summary>
    /// What the context reads inside a load becomes dependencies of its entry, and what it writes invalidates. Options that
    /// <c>AddDbContext</c> and <c>AddDbContextFactory</c> register have it by themselves. Call it before interceptors are added.
    /// </summary>
    /// <typeparam name="TBuilder">The builder.</typeparam>
    /// <param name="options">The options of a context that <c>AddEntityFramework</c> names.</param>
    /// <param name="services">The services of the application, or of a request.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="InvalidOperationException"><c>AddEntityFramework</c> was not called.</exception>
    public static TBuilder UseFreshet<TBuilder>(this TBuilder options, IServiceProvider services)
        where TBuilder : DbContextOptionsBuilder
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(services);
        services.GetRequiredService<Interceptors>().AddTo(options);
        return options;
    }
}
