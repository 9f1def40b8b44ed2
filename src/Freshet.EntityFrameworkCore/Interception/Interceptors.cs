using Freshet.EntityFrameworkCore.Registration;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>The interceptors of one container, and the contexts that carry them.</summary>
internal sealed class Interceptors(
    CommandInterceptor commands, SaveInterceptor saves, TransactionInterceptor transactions, ConnectionInterceptor connections)
{
    public static void AddTo(IServiceCollection services)
    {
        if (services.Any(d => d.ServiceType == typeof(Interceptors)))
            return;
        services.TryAddSingleton<CommandInterceptor>();
        services.TryAddSingleton<SaveInterceptor>();
        services.TryAddSingleton<TransactionInterceptor>();
        services.TryAddSingleton<ConnectionInterceptor>();
        services.AddSingleton<Interceptors>();
        services.AddSingleton<UnseenContexts>();
        // C9: Entity Framework runs interceptors in the order in which they were added, and configures options in the order of registration.
        // An open generic is no part of what test hosts look for and replace: the one configuration of their context.
        services.Insert(0, ServiceDescriptor.Singleton(typeof(IDbContextOptionsConfiguration<>), typeof(Configuration<>)));
    }

    public void AddTo(DbContextOptionsBuilder options)
    {
        if (!AreOn(options.Options))
            options.AddInterceptors(commands, saves, transactions, connections);
    }

    /// <summary>Whether the context carries them: those of this container, and not of another one whose options somebody has kept.</summary>
    public static bool AreOn(DbContext context, IServiceProvider services) =>
        services.GetRequiredService<Interceptors>().AreOn(context.GetService<IDbContextOptions>());

    /// <summary>Whether it carries those of any container.</summary>
    public static bool AreOfAny(IDbContextOptions options) =>
        options.FindExtension<CoreOptionsExtension>()?.Interceptors?.Any(i => i is CommandInterceptor) is true;

    /// <inheritdoc cref="AreOn(DbContext, IServiceProvider)"/>
    public bool AreOn(IDbContextOptions options) =>
        options.FindExtension<CoreOptionsExtension>()?.Interceptors?.Any(i => ReferenceEquals(i, commands)) is true;

    private sealed class Configuration<TContext>(IServiceProvider services, ContextChoices choices) : IDbContextOptionsConfiguration<TContext>
        where TContext : DbContext
    {
        public void Configure(IServiceProvider serviceProvider, DbContextOptionsBuilder optionsBuilder)
        {
            if (choices.Of(typeof(TContext)) is ContextChoice.Named)
                services.GetRequiredService<Interceptors>().AddTo(optionsBuilder);
        }
    }
}
