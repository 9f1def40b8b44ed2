using System.Collections.Concurrent;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>What is known of one model, of Entity Framework or declared: its tables, and the plans of the commands seen so far. Safe for concurrent use.</summary>
internal sealed class ContextModel
{
    /// <summary>More different texts than this are not the texts of an application's queries but texts with values in them.</summary>
    private const int MaxPlans = 4096;
    private const int MaxPlannedText = 1 << 16;

    private readonly ConcurrentDictionary<string, CommandText> _texts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<IEntityType, EntityType?> _types = new();

    public ContextModel(MappedModel model, EntityModel entities, SharedTables shared)
        : this(new CatalogBuilder(model.Model, entities, CatalogBuilder.DialectOf(model.Provider)).Build(), entities, shared)
    {
    }

    public ContextModel(TableCatalog catalog, EntityModel entities, SharedTables shared) =>
        (Catalog, Entities, Shared) = (catalog, entities, shared);

    public EntityModel Entities { get; }

    public SharedTables Shared { get; }

    public TableCatalog Catalog { get; }

    public EntityType? TypeOf(IEntityType type) => _types.GetOrAdd(type, t => ModelDefaults.Find(Entities, t));

    /// <summary>What is known of a command by its text.</summary>
    public CommandText TextOf(string text)
    {
        if (_texts.TryGetValue(text, out var known))
            return known;
        var read = new CommandText(text, Catalog);
        if (text.Length > MaxPlannedText)
            return read;
        if (_texts.Count >= MaxPlans)
            _texts.Clear();
        return _texts.GetOrAdd(text, read);
    }
}
