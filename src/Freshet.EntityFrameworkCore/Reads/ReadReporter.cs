using System.Data.Common;
using Freshet.EntityFrameworkCore.Schema;
using Freshet.EntityFrameworkCore.Writes;
using Freshet.Invalidation;
using Microsoft.Extensions.Logging;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>Tells the running load what a command reads.</summary>
internal sealed partial class ReadReporter(TenantContext tenants, HeldWrites held, ILogger<ReadReporter> log)
{
    public void Report(CommandPlan plan, DbParameterCollection parameters, TableCatalog catalog, LoadScope scope)
    {
        if (plan.ReadsAnything is { } reason)
        {
            foreach (var entity in catalog.Types)
                Depend(scope, entity, ofType: true, null, [], reason);
            return;
        }

        foreach (var read in plan.Reads)
            Report(read, plan.Opened, parameters, scope);
    }

    private void Report(TableRead read, string? opened, DbParameterCollection parameters, LoadScope scope)
    {
        var entity = read.Table.Entity;
        var ofTenants = read.Tenant is { } pin && PinnedValues.Segments(pin, parameters) is { } names ? names : [];
        var (keys, parent, why) = (default(List<string[]>), default(EntityType), read.Why);
        if (read.Key is not null)
            keys = PinnedValues.Keys(read.Key, parameters);
        else if (read.ParentKey is not null)
            (keys, parent) = (PinnedValues.Keys(read.ParentKey, parameters), read.Parent!.Parent);
        if (keys is null && why.Length == 0)
            why = "a value of its key is not what the column holds";

        var tags = new List<Dependency>();
        foreach (var key in keys ?? [])
            tags.Add(parent is null ? EntityTags.Row(entity, key) : EntityTags.Collection(entity, parent, key));
        Depend(scope, entity, ofType: keys is null, ofTenants, tags, why, opened);
    }

    private void Depend(
        LoadScope scope,
        EntityType entity,
        bool ofType,
        IReadOnlyList<string>? ofTenants,
        List<Dependency> tags,
        string why,
        string? opened = null)
    {
        if (ofType)
            tags.Add(entity.TypeTag.Subtree);

        switch (entity.Tenancy)
        {
            case Tenancy.Property when ofTenants is null or []:
                // Whose rows they are cannot be shown, and the logs of all tenants cannot be watched: never too few.
                LogTenantUnknown(log, scope.Key, entity.Name, opened ?? (ofType ? why : "no equality on its tenant"));
                scope.DoNotStore(CacheReason.UnknownSource, $"the tenant of {entity.Name} is not in the query: {opened ?? "filter by it"}");
                return;
            case Tenancy.Property:
                // A write whose tenant is not known touches the type in the public log.
                Add(scope, Tenant.Public, [entity.TypeTag]);
                foreach (var name in ofTenants)
                    Add(scope, Tenant.Named(name), tags);
                break;
            case Tenancy.Ambient:
                var tenant = tenants.TryGet(out var ambient) ? ambient : scope.Tenant;
                if (tenant.IsPublic)
                {
                    LogTenantUnknown(log, scope.Key, entity.Name, "no tenant is at work");
                    scope.DoNotStore(CacheReason.UnknownSource, $"{entity.Name} is in the tenant at work, and there is none: share the answer with .PerTenant()");
                    return;
                }

                if (tenant != Tenant.Default)
                    Add(scope, Tenant.Public, [entity.TypeTag]);
                Add(scope, tenant, tags);
                break;
            default:
                Add(scope, Tenant.Public, tags);
                break;
        }

        if (!log.IsEnabled(LogLevel.Debug))
            return;
        var found = string.Join(", ", tags.Select(t => t.ToString()));
        if (ofType)
            LogType(log, scope.Key, found, why);
        else
            LogExact(log, scope.Key, found);
    }

    private void Add(LoadScope scope, Tenant tenant, List<Dependency> tags)
    {
        foreach (var tag in tags)
        {
            scope.DependsOn(tenant, tag);
            if (held.Concern(tenant, tag))
                scope.DoNotStore(CacheReason.OpenWrite);
        }
    }

    [LoggerMessage(20, LogLevel.Debug, "The load of {Key} read {Dependencies}.", SkipEnabledCheck = true)]
    private static partial void LogExact(ILogger logger, string key, string dependencies);

    [LoggerMessage(21, LogLevel.Debug, "The load of {Key} read {Dependencies}, no finer because {Reason}.", SkipEnabledCheck = true)]
    private static partial void LogType(ILogger logger, string key, string dependencies, string reason);

    [LoggerMessage(22, LogLevel.Debug, "The load of {Key} is not stored: it read {Entity} and whose rows cannot be shown ({Reason}).")]
    private static partial void LogTenantUnknown(ILogger logger, string key, string entity, string reason);
}
