using Freshet;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Connects Entity Framework with the cache.</summary>
public static class FreshetEntityFrameworkExtensions
{
    /// <summary>
    /// What this context reads inside a load becomes dependencies of its entry, and what it writes invalidates, once it is
    /// committed. The registration of the context stays as it is: <c>AddDbContext</c>, pooled or by factory, before or after.
    /// Freshet's interceptors run before those of the application.
    /// </summary>
    /// <typeparam name="TContext">The context.</typeparam>
    /// <param name="builder">The builder that <c>AddFreshet</c> returned.</param>
    /// <param name="model">Declares tags, tenants and cascades; what it leaves out comes from the context's model: the name of
    /// the class as the tag, the primary key, the foreign keys as parents.</param>
    /// <exception cref="InvalidOperationException">At start, when the declarations contradict each other or the context's model, or when
    /// an interceptor of the application runs before Freshet's.</exception>
    public static FreshetBuilder AddEntityFramework<TContext>(this FreshetBuilder builder, Action<EntityModelBuilder>? model = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (model is not null)
            services.AddSingleton(new EntityModelPart(IsDeclared: true, (_, entities) => model(entities)));
        services.AddSingleton(new EntityModelPart(IsDeclared: false, Found<TContext>));
        services.AddEntityModel();

        services.TryAddSingleton<SharedTables>();
        services.TryAddSingleton<ContextModels>();
        services.TryAddSingleton<HeldWrites>();
        services.TryAddSingleton<ReadReporter>();
        services.TryAddSingleton<WriteLog>();
        services.TryAddSingleton<CommandWatch>();
        services.TryAddSingleton<CommandInterceptor>();
        services.TryAddSingleton<SaveInterceptor>();
        services.TryAddSingleton<TransactionInterceptor>();
        services.TryAddSingleton<ConnectionInterceptor>();
        InterceptorOrder.AddFirst(services, new Interception<TContext>());
        return builder;
    }

    private static void Found<TContext>(IServiceProvider services, EntityModelBuilder entities)
        where TContext : DbContext
    {
        using var scope = services.CreateScope();
        if (scope.ServiceProvider.GetService<TContext>() is { } context)
        {
            Contribute(services, context, entities);
            return;
        }

        using var made = scope.ServiceProvider.GetService<IDbContextFactory<TContext>>()?.CreateDbContext()
            ?? throw new InvalidOperationException($"AddEntityFramework<{typeof(TContext).Name}>() needs AddDbContext<{typeof(TContext).Name}>() or AddDbContextFactory.");
        Contribute(services, made, entities);
    }

    private static void Contribute(IServiceProvider services, DbContext context, EntityModelBuilder entities)
    {
        var model = context.GetService<IDesignTimeModel>().Model;
        InterceptorOrder.Require(context);
        ModelDefaults.Contribute(entities, model);
        if (context.Database.IsRelational())
            services.GetRequiredService<SharedTables>().Add(model);
    }

    private sealed class Interception<TContext> : IDbContextOptionsConfiguration<TContext>
        where TContext : DbContext
    {
        public void Configure(IServiceProvider serviceProvider, DbContextOptionsBuilder optionsBuilder) => optionsBuilder.AddInterceptors(
            serviceProvider.GetRequiredService<CommandInterceptor>(),
            serviceProvider.GetRequiredService<SaveInterceptor>(),
            serviceProvider.GetRequiredService<TransactionInterceptor>(),
            serviceProvider.GetRequiredService<ConnectionInterceptor>());
    }
}
