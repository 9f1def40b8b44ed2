using Freshet.Loading;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Testing
{
    /// <summary>The engine, for handlers: the parameters of a public delegate cannot name an internal type.</summary>
    public sealed class TestEngine
    {
        private readonly IServiceProvider _services;

        private TestEngine(IServiceProvider services) => _services = services;

        internal CacheEngine Engine => _services.GetRequiredService<CacheEngine>();

        internal static void Add(IServiceCollection services) => services.AddSingleton(p => new TestEngine(p));
    }
}

namespace Microsoft.EntityFrameworkCore
{
    /// <summary>Has the name by which the data layer's exception is known.</summary>
    internal sealed class DbUpdateConcurrencyException : Exception;
}
