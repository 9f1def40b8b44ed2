using Freshet.Invalidation;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Freshet.Diagnostics;

/// <summary>Says once, at start, what kind of cache runs here; and connects the metrics to what they observe.</summary>
internal sealed partial class StartReport(
    IInvalidationStore store,
    MemoryStore memory,
    OriginGate gate,
    CacheMetrics metrics,
    EntityModelSource model,
    TenantContext tenants,
    IOptions<FreshetOptions> options,
    ILogger<StartReport> log,
    IHostEnvironment? environment = null) : IHostedService
{
    private const int MaxNamed = 30;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Observe(() => memory.Bytes, () => memory.Count, () => gate.Exhausted);
        if (!options.Value.Enabled)
            LogDisabled(log);
        else if (store is EmbeddedStore && environment is not null && !environment.IsDevelopment())
            LogEmbedded(log);
        if (model.HasParts && UndeclaredTenants.Of(model.Model, tenants.IsRequired) is { Count: > 0 } undeclared)
            LogUndeclared(log, undeclared.Count, string.Join("; ", undeclared.Take(MaxNamed)), undeclared.Count > MaxNamed ? "; …" : "");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "Freshet runs on the embedded store: the promise holds within this one process. Run one instance, or give the instances a shared store.")]
    private static partial void LogEmbedded(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "Freshet is switched off (Freshet:Enabled is false): every request is served by its handler.")]
    private static partial void LogDisabled(ILogger logger);

    [LoggerMessage(4, LogLevel.Warning, "The application has tenants, and {Count} entity types do not say whose their rows are: what is written of them is told to every tenant. Declare each: {Declarations}{More}. InAmbientTenant() is for rows that only the tenant at work reads and writes, as with a database for each tenant; where the rows are the same for everyone, or one tenant's work may concern another's, write Public().")]
    private static partial void LogUndeclared(ILogger logger, int count, string declarations, string more);
}
