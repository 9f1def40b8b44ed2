using Freshet;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Registration;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
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
    /// <typeparam name="TContext">The context, or a base class of several.</typeparam>
    /// <param name="builder">The builder that <c>AddFreshet</c> returned.</param>
    /// <param name="model">Declares tags, tenants and cascades; what it leaves out comes from the context's model: the name of
    /// the class as the tag, the primary key, the foreign keys as parents.</param>
    /// <param name="modelFrom">Makes a context for its model alone, when the container cannot make one at start because its
    /// constructor or its options need a request. It needs a database provider and no connection.</param>
    /// <exception cref="InvalidOperationException">At start, when the declarations contradict each other or the context's model, when
    /// an interceptor of the application runs before Freshet's, or when the container makes a context that the cache does not
    /// see: without Freshet's interceptors, without SQL, or of a type that is neither named nor ignored.</exception>
    public static FreshetBuilder AddEntityFramework<TContext>(
        this FreshetBuilder builder, Action<EntityModelBuilder>? model = null, Func<IServiceProvider, TContext>? modelFrom = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        if (model is not null)
            services.AddSingleton(new EntityModelPart(IsDeclared: true, (_, entities) => model(entities)));
        services.AddEntityModel();

        var choices = ContextChoices.Of(services);
        choices.Choose(typeof(TContext), ContextChoice.Named);
        if (modelFrom is not null)
            choices.MakeModel(typeof(TContext), modelFrom);
        AddOnce(services);
        return builder;
    }

    /// <summary>
    /// No load reads this context, and it writes nothing that a load reads: the cache does not look at it. A context of the
    /// container that is neither named nor ignored fails at start.
    /// </summary>
    /// <typeparam name="TContext">The context, or a base class of several.</typeparam>
    /// <param name="builder">The builder that <c>AddFreshet</c> returned.</param>
    /// <exception cref="InvalidOperationException">The same context is named by <c>AddEntityFramework</c>.</exception>
    public static FreshetBuilder IgnoreEntityFramework<TContext>(this FreshetBuilder builder)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        ContextChoices.Of(builder.Services).Choose(typeof(TContext), ContextChoice.Ignored);
        return builder;
    }

    internal static void AddOnce(IServiceCollection services)
    {
        if (services.Any(d => d.ServiceType == typeof(ContextModels)))
            return;
        services.AddSingleton(new EntityModelPart(IsDeclared: false, static (provider, entities) => ActivatorUtilities.CreateInstance<ContextCheck>(provider).Contribute(entities)));
        services.TryAddSingleton<SharedTables>();
        services.TryAddSingleton<ContextModels>();
        services.TryAddSingleton<HeldWrites>();
        services.TryAddSingleton<ReadReporter>();
        services.TryAddSingleton<WriteLog>();
        services.TryAddSingleton<CommandWatch>();
        services.TryAddSingleton<UnseenCommands>();
        services.TryAddSingleton<EarlyWrites>();
        Interceptors.AddTo(services);
    }
}
