using System.ComponentModel.DataAnnotations;
using Freshet;
using Freshet.AspNetCore;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using MigrationPlatform.Access;
using MigrationPlatform.Data;

namespace MigrationPlatform.Development;

/// <summary>What only Development has: tokens for the asking, the origin's counters, faults on order.</summary>
internal static class DevelopmentEndpoints
{
    public static void AddDevelopment(this IServiceCollection services)
    {
        services.AddSingleton<Origin>();
        services.AddSingleton<CoalescedCounter>();
        services.AddSingleton<Faults>();
        services.ConfigureDbContext<PlatformDb>((provider, options) =>
            options.AddInterceptors(new OriginCommands(provider.GetRequiredService<Origin>())));
    }

    public static void MapDevelopment(this IEndpointRouteBuilder app)
    {
        var dev = app.MapGroup("/dev").WithTags("Development").AllowAnonymous();
        dev.MapGet("/users", Users);
        dev.MapPost("/token", Token);
        dev.MapGet("/origin", ReadOrigin);
        dev.MapPost("/faults", SetFault);
        dev.MapGet("/reflect", Reflect).Cached(policy => policy.Public().AgeOnly().FiltersOnLoadOnly());
        dev.MapGet("/cache", (IOptions<FreshetOptions> freshet) => new CacheState(freshet.Value.Enabled));
        dev.MapPost("/cache", Switch);
    }

    private static async Task<Ok<IReadOnlyList<KnownUser>>> Users(PlatformDb db, CancellationToken cancel)
    {
        var users = await EveryTenant(db).OrderBy(user => user.TenantId).ThenBy(user => user.Id).ToListAsync(cancel);
        return TypedResults.Ok<IReadOnlyList<KnownUser>>([.. users.Select(KnownUser.Of)]);
    }

    private static async Task<Results<Ok<TokenBody>, ValidationProblem>> Token(
        TokenRequest request, PlatformDb db, Tokens tokens, CancellationToken cancel)
    {
        var (login, tenant) = request.User.Split('@') is [var name, var home] ? (name, home) : ("", "");
        return await EveryTenant(db).SingleOrDefaultAsync(user => user.TenantId == tenant && user.Login == login, cancel) is { } user
            ? TypedResults.Ok(new TokenBody(tokens.For(user), user.TenantId, user.Id, user.Role))
            : TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["user"] = [$"There is no user '{request.User}': GET /dev/users lists them."],
            });
    }

    private static OriginBody ReadOrigin(Origin origin, CoalescedCounter coalesced, CacheEventManager events)
    {
        var work = origin.Work;
        return new OriginBody(work, work.Sum(route => route.Loads), work.Sum(route => route.Commands), coalesced.Count, events.Count);
    }

    /// <summary>Writes are reported to the cache while it is off, so it is never behind when it is on again.</summary>
    private static CacheState Switch(CacheState wanted, IOptions<FreshetOptions> freshet)
    {
        freshet.Value.Enabled = wanted.Enabled;
        return wanted;
    }

    /// <summary>The route as it is declared, such as <c>/api/v1/imports/{id}</c>; no body clears every fault.</summary>
    private static Results<NoContent, ValidationProblem> SetFault(FaultRequest? request, Faults faults, EndpointDataSource endpoints)
    {
        if (request is null)
        {
            faults.Clear();
            return TypedResults.NoContent();
        }

        var path = request.Route.Replace("GET ", "", StringComparison.Ordinal).TrimEnd('/');
        if (!endpoints.Endpoints.OfType<RouteEndpoint>().Any(route => route.RoutePattern.RawText?.TrimEnd('/') == path))
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal)
            {
                ["route"] = [$"There is no route '{path}'."],
            });
        }

        faults.Set(path, new Fault(TimeSpan.FromMilliseconds(request.DelayMs), request.Fail));
        return TypedResults.NoContent();
    }

    /// <summary>Answers with all that its handler can see of the request.</summary>
    private static ReflectBody Reflect(HttpRequest request) =>
        new(
            request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.Ordinal),
            request.Cookies.ToDictionary(StringComparer.Ordinal),
            request.Query.ToDictionary(value => value.Key, value => value.Value.ToString(), StringComparer.Ordinal),
            [.. request.HttpContext.User.Claims.Select(claim => $"{claim.Type}={claim.Value}")]);

    private static IQueryable<User> EveryTenant(PlatformDb db) => db.Users.AsNoTracking().IgnoreQueryFilters();
}

internal sealed record KnownUser(string User, string Tenant, string Id, Role Role)
{
    public static KnownUser Of(User user) => new($"{user.Login}@{user.TenantId}", user.TenantId, user.Id, user.Role);
}

public sealed record TokenRequest([Required] string User);

internal sealed record TokenBody(string Token, string Tenant, string User, Role Role);

/// <param name="Routes">What was done for each route since start.</param>
/// <param name="Loads">All runs of GET handlers.</param>
/// <param name="Commands">All SQL commands.</param>
/// <param name="Coalesced">How many requests took the result of a load that another had begun.</param>
/// <param name="Connections">How many clients hear events now.</param>
internal sealed record OriginBody(IReadOnlyList<RouteWork> Routes, long Loads, long Commands, long Coalesced, int Connections);

public sealed record FaultRequest([Required] string Route, [Range(0, 60_000)] int DelayMs = 0, bool Fail = false);

public sealed record CacheState(bool Enabled);

internal sealed record ReflectBody(
    IReadOnlyDictionary<string, string> Headers,
    IReadOnlyDictionary<string, string> Cookies,
    IReadOnlyDictionary<string, string> Query,
    IReadOnlyList<string> Claims);
