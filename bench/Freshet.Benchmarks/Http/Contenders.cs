using System.Security.Claims;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Benchmarks.Http;

/// <summary>The servers that are measured against each other. All answer GET /data with the same kilobyte.</summary>
internal static class Contenders
{
    private const string EntityTag = "\"MTIzNDU2Nzg5MDEyMzQ1Ng\"";
    private static readonly byte[] Body = CreateBody();
    private static readonly KeyValuePair<string, string>[] ContentType = [KeyValuePair.Create("Content-Type", "application/json")];

    /// <summary>Kestrel alone: the head says no more than the type of the body.</summary>
    public static Task<Contender> BareAsync() => Contender.StartAsync(
        "bare",
        static _ => { },
        static app => ((IApplicationBuilder)app).Run(static context => Contender.WriteAsync(context.Response, 200, ContentType, Body)));

    /// <summary>Routing, and an endpoint that writes the very answer that <paramref name="like"/> gives.</summary>
    public static Task<Contender> RoutedAsync(Contender like)
    {
        var head = like.Head.ToArray();
        RequestDelegate answer = like.StatusCode == 304
            ? context => context.Request.Headers.IfNoneMatch.Count > 0
                ? Contender.WriteAsync(context.Response, 304, head, [])
                : Contender.WriteAsync(context.Response, 200, head, Body)
            : context => Contender.WriteAsync(context.Response, 200, head, Body);
        return Contender.StartAsync(
            $"routed, head of {like.Name}",
            static services => services.AddRouting(),
            app => app.MapGet("/data", answer));
    }

    public static Task<Contender> OutputCacheAsync() => Contender.StartAsync(
        "OutputCache",
        static services => services.AddOutputCache(),
        static app =>
        {
            app.UseOutputCache();
            app.MapGet("/data", LoadAsync).CacheOutput(static policy => policy.Expire(TimeSpan.FromHours(1)));
        });

    public static Task<Contender> ResponseCachingAsync() => Contender.StartAsync(
        "ResponseCaching",
        static services => services.AddResponseCaching(),
        static app =>
        {
            app.UseResponseCaching();
            app.MapGet("/data", static context =>
            {
                context.Response.Headers.CacheControl = "public, max-age=3600";
                return LoadAsync(context);
            });
        });

    public static Task<Contender> FreshetAsync() => Contender.StartAsync(
        "Freshet",
        static services => services.AddFreshet(),
        static app =>
        {
            app.UseFreshet();
            app.MapGet("/data", LoadAsync).Cached(static policy => policy.Public().For(TimeSpan.FromHours(1)));
        });

    /// <summary>
    /// An endpoint that needs a signed-in user, who comes with a bearer token; it writes the very answer that
    /// <paramref name="like"/> gives, so what is measured is authentication and authorization.
    /// </summary>
    public static Task<Contender> AuthenticatedAsync(Contender like)
    {
        var head = like.Head.ToArray();
        return Contender.StartAsync(
            $"authenticated, head of {like.Name}",
            AddAuthentication,
            app =>
            {
                UseAuthentication(app);
                app.MapGet("/data", context => Contender.WriteAsync(context.Response, 200, head, Body)).RequireAuthorization();
            });
    }

    public static Task<Contender> AuthenticatedFreshetAsync() => Contender.StartAsync(
        "Freshet, authenticated",
        static services =>
        {
            AddAuthentication(services);
            services.AddFreshet();
        },
        static app =>
        {
            UseAuthentication(app);
            app.UseFreshet();
            app.MapGet("/data", LoadAsync).RequireAuthorization().Cached(static policy => policy.PerUser().For(TimeSpan.FromHours(1)));
        });

    private static void AddAuthentication(IServiceCollection services)
    {
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        services.AddAuthentication(BearerTokenDefaults.AuthenticationScheme).AddBearerToken();
        services.AddAuthorization();
    }

    private static void UseAuthentication(WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/token", static () => Results.SignIn(
            new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, "u-1"), new Claim(ClaimTypes.Role, "admin")], "password")),
            authenticationScheme: BearerTokenDefaults.AuthenticationScheme));
    }

    // The origin's answer; the entity tag is there so that every cache has one to compare.
    private static Task LoadAsync(HttpContext context)
    {
        context.Response.Headers.ETag = EntityTag;
        return Contender.WriteAsync(context.Response, 200, ContentType, Body);
    }

    private static byte[] CreateBody()
    {
        var body = new byte[1024];
        Array.Fill(body, (byte)'x');
        (body[0], body[^1]) = ((byte)'"', (byte)'"');
        return body;
    }
}
