using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.Invalidation;

/// <summary>Adds to the model what an application declared, or what a data layer knows about what it declared.</summary>
/// <param name="IsDeclared">Declarations come first; what is found fills in what they left out.</param>
/// <param name="Contribute">Adds to the model.</param>
internal sealed record EntityModelPart(bool IsDeclared, Action<IServiceProvider, EntityModelBuilder> Contribute);

/// <summary>The one model of the application, built at start or when it is first needed.</summary>
internal sealed class EntityModelSource
{
    private readonly Lazy<EntityModel> _model;
    private readonly AsyncLocal<bool> _building = new();
    private Action<EntityModel>? _whenBuilt;

    public EntityModelSource(IEnumerable<EntityModelPart> parts, IServiceProvider services)
    {
        EntityModelPart[] all = [.. parts.OrderByDescending(p => p.IsDeclared)];
        HasParts = all.Length > 0;
        Tags = new NamedTags(this, services.GetService<ILogger<NamedTags>>());
        _model = new Lazy<EntityModel>(() =>
        {
            _building.Value = true;
            try
            {
                var builder = new EntityModelBuilder();
                foreach (var part in all)
                    part.Contribute(services, builder);
                return builder.Build();
            }
            finally
            {
                _building.Value = false;
            }
        });
    }

    /// <summary>Whether the application has a data layer that the cache knows, or declared its entities: then what a load reads is expected
    /// to be seen.</summary>
    public bool HasParts { get; }

    /// <summary>Looks at the tags that are named by hand.</summary>
    public NamedTags Tags { get; }

    /// <summary>Whether this flow of control builds the model, so that it cannot be had yet: a data layer may run commands while it is asked
    /// for its own model.</summary>
    public bool IsBuilding => _building.Value;

    public EntityModel Model
    {
        get
        {
            var model = _model.Value;
            if (_whenBuilt is not null)
                Interlocked.Exchange(ref _whenBuilt, null)?.Invoke(model);
            return model;
        }
    }

    /// <summary>A tag that is named by hand, and what it means in the spelling of the rows.</summary>
    public IReadOnlyList<Tag> SpellingsOf(Tag tag) => HasParts && RowSpelling.OtherOf(tag, Model) is { } other ? [tag, other] : [tag];

    /// <summary>In whose logs the rows are that a tag means in a tenant.</summary>
    public IReadOnlyList<Tenant> OwnersOf(Tag tag, Tenant tenant) => HasParts && Model.Of(tag) is { } entity ? entity.OwnersOf(tenant) : [tenant];

    /// <summary>Does this once the model is built, before anybody gets it.</summary>
    public void WhenBuilt(Action<EntityModel> work) => _whenBuilt = work;
}
