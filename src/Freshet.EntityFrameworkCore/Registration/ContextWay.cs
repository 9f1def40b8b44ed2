using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Registration;

/// <summary>One way to a context: a service of the container.</summary>
/// <param name="Context">The type of the context, as far as the registration tells.</param>
/// <param name="Service">The service; null when only the options of the context are registered.</param>
/// <param name="Key">The key of the service.</param>
internal sealed record ContextWay(Type Context, Type? Service, object? Key)
{
    /// <summary>All ways that are registered, and the usual ones to the contexts that are named.</summary>
    public static IReadOnlyList<ContextWay> Find(ContextChoices choices)
    {
        var named = choices.Named.ToArray();
        // An open generic registration may make them as well.
        var usual = named.SelectMany(n => (ContextWay[])[new(n, n, null), new(n, typeof(IDbContextFactory<>).MakeGenericType(n), null)]);
        return [.. usual.Concat(choices.Services.Select(d => Of(d, named)).OfType<ContextWay>()).Distinct()];
    }

    /// <summary>What the container gives.</summary>
    /// <param name="services">The services of a scope.</param>
    /// <returns>Each context, and whether whoever asked for it has to dispose it.</returns>
    public IEnumerable<(DbContext Context, bool IsOurs)> Make(IServiceProvider services)
    {
        if (Service is null)
            yield break;
        foreach (var made in Key is null ? services.GetServices(Service) : services.GetKeyedServices(Service, Key))
        {
            if (made is DbContext context)
                yield return (context, false);
            else if (made is not null && IsFactory(Service))
                yield return (Call(made), true);
        }
    }

    public override string ToString() => Service is null || Service == Context
        ? Context.Name
        : IsFactory(Service) ? $"IDbContextFactory<{Context.Name}>" : $"{Context.Name} as {Service.Name}";

    private static ContextWay? Of(ServiceDescriptor descriptor, Type[] named)
    {
        var (service, key) = (descriptor.ServiceType, descriptor.ServiceKey);
        if (service.ContainsGenericParameters || key == KeyedService.AnyKey)
            return null;
        if (IsFactory(service))
            return new(service.GenericTypeArguments[0], service, key);
        if (service.IsGenericType && service.GetGenericTypeDefinition() == typeof(DbContextOptions<>))
            return new(service.GenericTypeArguments[0], null, key);
        if (IsContext(service))
            return new(service, service, key);
        if ((descriptor.IsKeyedService ? descriptor.KeyedImplementationType : descriptor.ImplementationType) is { } implementation)
            return IsContext(implementation) ? new(implementation, service, key) : null;
        // An interface of the application that a context has: what a delegate gives for it is not known before it is asked.
        return service.IsInterface && !service.IsAssignableFrom(typeof(DbContext)) && Array.Find(named, service.IsAssignableFrom) is { } context
            ? new(context, service, key)
            : null;
    }

    private static bool IsContext(Type type) => typeof(DbContext).IsAssignableFrom(type);

    private static bool IsFactory(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDbContextFactory<>);

    // The type of the context is known at run time only.
    private DbContext Call(object factory) =>
        (DbContext)Service!.GetMethod("CreateDbContext")!.Invoke(factory, BindingFlags.DoNotWrapExceptions, binder: null, parameters: null, culture: null)!;
}
