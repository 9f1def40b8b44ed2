using System.Runtime.CompilerServices;
using Freshet.EntityFrameworkCore.Schema;
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
        return _models.GetValue(context.Model, _ => new ContextModel(context, source.Model, shared));
    }
}
