using Freshet;
using Freshet.Invalidation;
using Freshet.Loading;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the entity model to an application.</summary>
public static class EntityModelExtensions
{
    /// <summary>Declares entity types, their tags, their tenants and their cascades, for <see cref="CacheInvalidationService"/>.</summary>
    /// <param name="builder">The builder that <c>AddFreshet</c> returned.</param>
    /// <param name="model">Declares them.</param>
    /// <exception cref="InvalidOperationException">At start: a parent is not known, two types share a tag, or cascades form a cycle.</exception>
    public static FreshetBuilder AddEntities(this FreshetBuilder builder, Action<EntityModelBuilder> model)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(model);
        builder.Services.AddSingleton(new EntityModelPart(IsDeclared: true, (_, entities) => model(entities)));
        builder.Services.AddEntityModel();
        return builder;
    }

    internal static void AddEntityModel(this IServiceCollection services)
    {
        services.TryAddSingleton<EntityModelSource>();
        services.TryAddSingleton(p => new CacheInvalidationService(
            p.GetRequiredService<EntityModelSource>(),
            p.GetRequiredService<TenantContext>(),
            p.GetRequiredService<CacheEngine>()));
        services.AddHostedService<EntityModelCheck>();
    }
}
