using System.Data.Common;
using Freshet;
using Freshet.EntityFrameworkCore.Ado;
using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.EntityFrameworkCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Connects data sources of ADO.NET with the cache.</summary>
public static class FreshetDataSourceExtensions
{
    /// <summary>
    /// The container's <see cref="DbDataSource"/> and <see cref="DbConnection"/> are ones whose commands the cache sees, before
    /// or after the provider registers its own. The provider's own types stay as they are, and what runs there is not seen.
    /// </summary>
    /// <param name="builder">The builder that <c>AddFreshet</c> returned.</param>
    /// <param name="source">Gives the provider's data source: <c>p => p.GetRequiredService&lt;NpgsqlDataSource&gt;()</c>.</param>
    /// <param name="tables">Declares the tables.</param>
    /// <param name="serviceKey">The key under which the container has the data source and its connections; null for none.</param>
    public static FreshetBuilder AddFreshetDataSource(
        this FreshetBuilder builder, Func<IServiceProvider, DbDataSource> source, Action<DataSourceTables> tables, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(tables);
        var declared = new DataSourceTables();
        tables(declared);
        builder.Services.AddSingleton(new EntityModelPart(IsDeclared: false, (provider, entities) =>
        {
            foreach (var table in declared.Tables)
            {
                entities.Draft(table.Class);
                provider.GetRequiredService<SharedTables>().Add(table);
            }
        }));
        return Add(builder, source, (models, dialect) => models.Of(declared.Tables, dialect), serviceKey);
    }

    /// <inheritdoc cref="AddFreshetDataSource(FreshetBuilder, Func{IServiceProvider, DbDataSource}, Action{DataSourceTables}, object?)"/>
    /// <typeparam name="TContext">The context that describes the tables; <c>AddEntityFramework</c> names it as well.</typeparam>
    public static FreshetBuilder AddFreshetDataSource<TContext>(
        this FreshetBuilder builder, Func<IServiceProvider, DbDataSource> source, object? serviceKey = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Add(builder, source, (models, _) => models.Of(typeof(TContext)), serviceKey);
    }

    private static FreshetBuilder Add(
        FreshetBuilder builder, Func<IServiceProvider, DbDataSource> source, Func<ContextModels, SqlDialect, ContextModel> modelOf, object? serviceKey)
    {
        ArgumentNullException.ThrowIfNull(source);
        builder.Services.AddEntityModel();
        FreshetEntityFrameworkExtensions.AddOnce(builder.Services);
        var isMaking = new ThreadLocal<bool>();
        builder.Services.AddKeyedSingleton<DbDataSource>(serviceKey, (provider, _) => Make(provider));
        builder.Services.AddKeyedTransient<DbConnection>(serviceKey, (provider, key) => provider.GetRequiredKeyedService<DbDataSource>(key).CreateConnection());
        return builder;

        WatchedDataSource Make(IServiceProvider provider)
        {
            if (isMaking.Value)
                throw new InvalidOperationException("AddFreshetDataSource asks the container for DbDataSource, which is the one that it makes. Let it take the provider's own type, such as NpgsqlDataSource.");
            isMaking.Value = true;
            try
            {
                var models = provider.GetRequiredService<ContextModels>();
                return new WatchedDataSource(
                    source(provider), provider.GetRequiredService<CommandWatch>(), provider.GetRequiredService<WriteLog>(), dialect => modelOf(models, dialect));
            }
            finally
            {
                isMaking.Value = false;
            }
        }
    }
}
