using Microsoft.Extensions.DependencyInjection;

namespace Freshet;

/// <summary>What <c>AddFreshet</c> returns, for the rest of the set-up.</summary>
public sealed class FreshetBuilder
{
    internal FreshetBuilder(IServiceCollection services) => Services = services;

    /// <summary>The application's services.</summary>
    public IServiceCollection Services { get; }
}
