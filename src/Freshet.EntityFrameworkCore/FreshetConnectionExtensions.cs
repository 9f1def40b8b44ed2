using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Interception;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Gives Dapper and plain ADO.NET a connection that the cache sees.</summary>
public static class FreshetConnectionExtensions
{
    /// <summary>
    /// The context's connection for Dapper and plain ADO.NET: what their commands read in a load becomes dependencies, and what
    /// they write invalidates, as with the context's own commands. The connection stays the context's.
    /// </summary>
    /// <param name="database">The context's database.</param>
    /// <exception cref="InvalidOperationException">The context is not watched by the cache, or is not relational.</exception>
    public static FreshetConnection GetFreshetConnection(this DatabaseFacade database)
    {
        ArgumentNullException.ThrowIfNull(database);
        var context = ((IDatabaseFacadeDependenciesAccessor)database).Context;
        return context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors?.OfType<CommandInterceptor>().FirstOrDefault() is { } interceptor
            ? interceptor.Decorate(context)
            : throw new InvalidOperationException(
                $"The cache does not see the commands of {context.GetType().Name}, so it cannot see those on its connection. Call AddEntityFramework<{context.GetType().Name}>() "
                + "and take the context from the container.");
    }
}
