using Microsoft.Extensions.Hosting;

namespace Freshet.Invalidation;

/// <summary>Builds the model when the application starts, so that a mistake in it stops the start.</summary>
internal sealed class EntityModelCheck(EntityModelSource source) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = source.Model;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
