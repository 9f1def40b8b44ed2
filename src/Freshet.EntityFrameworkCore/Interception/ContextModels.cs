using System.Runtime.CompilerServices;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace Freshet.EntityFrameworkCore.Interception;

/// <summary>What is known of each model, made once a model. Safe for concurrent use.</summary>
internal sealed class ContextModels(EntityModelSource source, SharedTables shared)
{
    private readonly ConditionalWeakTable<IModel, ContextModel> _models = [];

    public ContextModel Of(DbContext context)
    {
        if (_models.TryGetValue(context.Model, out var known))
            return known;
        return _models.GetValue(context.Model, _ => new ContextModel(MappedModel.Of(context), source.Model, shared));
    }

    /// <summary>The model of the context that the application registered.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ContextModel Of(Type context)
    {
        var entities = source.Model;
        return shared.ModelOf(context) is { } model
            ? _models.GetValue(model.Model, _ => new ContextModel(model, entities, shared))
            : throw new InvalidOperationException($"A data source has the tables of {context.Name}, which AddEntityFramework<{context.Name}>() does not name.");
    }

    /// <summary>A model of tables that were declared.</summary>
    public ContextModel Of(IReadOnlyList<DeclaredTable> tables, SqlDialect dialect)
    {
        var entities = source.Model;
        return new ContextModel(DeclaredTable.Catalog(tables, entities, dialect), entities, shared);
    }
}
