using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Freshet.AspNetCore;
using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

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
        services.AddAuthentication("header").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("header", null);
        services.AddAuthorization();
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
        return (await InvalidateAsync("import", _next.ToString(CultureInfo.InvariantCulture))).Offset;
    }

    private ValueTask<Position> InvalidateAsync(string entity, string id) =>
        _engine.InvalidateAsync(Tenant.Default, [Tag.Of(entity, id)], new ChangeSummary(ChangeAction.Updated, entity, id));

    /// <summary>Who says a name is believed.</summary>
    private sealed class HeaderAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var user = Request.Headers[SocketServer.UserHeader].ToString();
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, user)], Scheme.Name);
            return Task.FromResult(user.Length == 0
                ? AuthenticateResult.NoResult()
                : AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}
