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
    IOptions<FreshetOptions> options,
    ILogger<StartReport> log,
    IHostEnvironment? environment = null) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.Observe(() => memory.Bytes, () => memory.Count, () => gate.Exhausted);
        if (!options.Value.Enabled)
            LogDisabled(log);
        else if (store is EmbeddedStore && environment is not null && !environment.IsDevelopment())
            LogEmbedded(log);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "Freshet runs on the embedded store: the promise holds within this one process. Run one instance, or give the instances a shared store.")]
    private static partial void LogEmbedded(ILogger logger);

    [LoggerMessage(2, LogLevel.Warning, "Freshet is switched off (Freshet:Enabled is false): every request is served by its handler.")]
    private static partial void LogDisabled(ILogger logger);
}
