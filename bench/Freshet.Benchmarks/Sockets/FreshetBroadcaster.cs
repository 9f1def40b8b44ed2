using System.Globalization;
using Freshet.AspNetCore;
using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Benchmarks.Sockets;

/// <summary><c>MapCacheEvents</c>, where everybody is signed in, and invalidations.</summary>
internal sealed class FreshetBroadcaster : IBroadcaster
{
    private CacheEngine _engine = null!;
    private CacheEventManager _manager = null!;
    private int _next;

    public int Count => _manager.Count;

    public void Add(IServiceCollection services)
    {
        HeaderAuthentication.Add(services);
        services.AddFreshet()
            .AddEntities(model =>
            {
                model.Entity("import");
                model.Entity("inbox").UserScoped();
            })
            .Events(static events =>
            {
                events.MaxConnectionsPerUser = 10_000;
                events.MaxConnectionsPerTenant = 1_000_000;
                events.MaxConnections = 1_000_000;
                // No beat falls into a round.
                events.Heartbeat = TimeSpan.FromMinutes(5);
            });
    }

    public void Map(WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseFreshet();
        app.MapCacheEvents(SocketServer.Path);
        _engine = app.Services.GetRequiredService<CacheEngine>();
        _manager = app.Services.GetRequiredService<CacheEventManager>();
    }

    public void Prepare(byte[] message)
    {
    }

    public async Task TellAsync(bool reader)
    {
        if (reader)
            await InvalidateAsync("inbox", SocketServer.Reader);
        else
            await AppendAsync();
    }

    /// <returns>The record's offset in the log.</returns>
    public async Task<long> AppendAsync()
    {
        _next++;
        return (await InvalidateAsync("import", _next.ToString(CultureInfo.InvariantCulture)))!.Value.Offset;
    }

    private ValueTask<Position?> InvalidateAsync(string entity, string id) =>
        _engine.InvalidateAsync(Tenant.Default, [Tag.Of(entity, id)], new ChangeSummary(ChangeAction.Updated, entity, id));
}
