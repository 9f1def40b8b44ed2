using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>
/// C9: an interceptor of the application that reads after a commit must not get what the write has made old, so Freshet's
/// interceptors run before all others.
/// </summary>
internal static class InterceptorOrder
{
    /// <exception cref="InvalidOperationException">Another interceptor runs before Freshet's.</exception>
    public static void Require(DbContext context)
    {
        var added = context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors ?? [];
        // Those that an extension puts into the services of Entity Framework itself come before all that are added to a context.
        var injected = ((IInfrastructure<IServiceProvider>)context).Instance.GetServices<IInterceptor>();
        var first = injected.Concat(added).FirstOrDefault(i => i is ISaveChangesInterceptor or IDbTransactionInterceptor or IDbCommandInterceptor);
        if (first is null or CommandInterceptor || !added.Any(i => i is CommandInterceptor))
            return;
        throw new InvalidOperationException(
            $"{first.GetType().FullName} runs before Freshet's interceptors on {context.GetType().Name}, so it may read old answers after a write."
            + " Add it by AddInterceptors, in the options of the context or in its OnConfiguring.");
    }
}
