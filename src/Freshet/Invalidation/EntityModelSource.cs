namespace Freshet.Invalidation;

/// <summary>Adds to the model what an application declared, or what a data layer knows about what it declared.</summary>
/// <param name="IsDeclared">Declarations come first; what is found fills in what they left out.</param>
/// <param name="Contribute">Adds to the model.</param>
internal sealed record EntityModelPart(bool IsDeclared, Action<IServiceProvider, EntityModelBuilder> Contribute);

/// <summary>The one model of the application, built at start or when it is first needed.</summary>
internal sealed class EntityModelSource
{
    private readonly Lazy<EntityModel> _model;

    public EntityModelSource(IEnumerable<EntityModelPart> parts, IServiceProvider services)
    {
        EntityModelPart[] all = [.. parts.OrderByDescending(p => p.IsDeclared)];
        HasParts = all.Length > 0;
        _model = new Lazy<EntityModel>(() =>
        {
            var builder = new EntityModelBuilder();
            foreach (var part in all)
                part.Contribute(services, builder);
            return builder.Build();
        });
    }

    /// <summary>Whether the application has a data layer that the cache knows, or declared its entities: then what a load reads is expected
    /// to be seen.</summary>
    public bool HasParts { get; }

    public EntityModel Model => _model.Value;
}
