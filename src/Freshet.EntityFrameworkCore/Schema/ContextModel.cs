using System.Collections.Concurrent;
using Freshet.EntityFrameworkCore.Reads;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Schema;

/// <summary>What is known of one model of Entity Framework: its tables, and the plans of the commands seen so far. Safe for concurrent use.</summary>
internal sealed class ContextModel
{
    /// <summary>More different texts than this are not the texts of an application's queries but texts with values in them.</summary>
    private const int MaxPlans = 4096;
    private const int MaxPlannedText = 1 << 16;

    private readonly ConcurrentDictionary<string, CommandPlan> _plans = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<IEntityType, EntityType?> _types = new();

    public ContextModel(DbContext context, EntityModel entities, SharedTables shared)
    {
        // The model that runs has no collations; the one of design time has.
        var model = context.GetService<IDesignTimeModel>().Model;
        Entities = entities;
        Shared = shared;
        Catalog = new CatalogBuilder(model, entities, CatalogBuilder.DialectOf(context.Database.ProviderName)).Build();
    }

    public EntityModel Entities { get; }

    public SharedTables Shared { get; }

    public TableCatalog Catalog { get; }

    public EntityType? TypeOf(IEntityType type) => _types.GetOrAdd(type, t => ModelDefaults.Find(Entities, t));

    public CommandPlan PlanOf(string text)
    {
        if (_plans.TryGetValue(text, out var plan))
            return plan;
        plan = PlanCompiler.Compile(SqlParser.Parse(text, Catalog.Dialect), Catalog);
        if (text.Length > MaxPlannedText)
            return plan;
        if (_plans.Count >= MaxPlans)
            _plans.Clear();
        return _plans.GetOrAdd(text, plan);
    }
}
