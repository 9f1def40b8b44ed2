using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.History.Nodes;

/// <summary>
/// One node: a small application as anybody would write it, on Redis and PostgreSQL. Each answer names the rows and versions that it was
/// made from. It lives as long as its standard input is open.
/// </summary>
internal static class NodeProgram
{
    /// <summary>What it says once it serves, and then its port.</summary>
    public const string Ready = "serves on ";

    /// <summary>Names the tenant of a request.</summary>
    public const string TenantHeader = "X-Tenant";

    /// <summary>How many rows an answer of data had to load.</summary>
    public const string LoadsHeader = "X-Loads";

    // The nodes share it; it keeps nothing secret here.
    private static readonly string Secret = Convert.ToBase64String(new byte[32]);

    public static async Task RunAsync(NodeOptions options, TextReader input, TextWriter output)
    {
        var app = Build(options);
        await using var closing = app.ConfigureAwait(false);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await output.WriteLineAsync(Ready + new Uri(address).Port.ToString(CultureInfo.InvariantCulture));
        while (await input.ReadLineAsync() is not null)
        {
            // Whoever started it closes this when it shall end, or ends itself.
        }

        await app.StopAsync();
    }

    private static WebApplication Build(NodeOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole().SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new Rows(options.Database, options.Seed));
        builder.Services.AddFreshet(o => o.MaxStaleness = options.MaxStaleness)
            .UseRedis(options.Redis, o => o.Secret = Secret)
            .Tenants(t => t.From(context => context.Request.Headers[TenantHeader]));

        builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(new PlantFilter(options.Plant)));
        var app = builder.Build();
        app.UseFreshet();
        MapReads(app);
        MapWrites(app, options.Plant);
        return app;
    }

    private static void MapReads(WebApplication app)
    {
        app.MapGet("/own/{group}/{id:int}", (int id, TenantContext tenants, Rows rows) => rows.ItemAsync(Number(tenants), id))
            .Cached(c => c.PerTenant().Tag("own/{group}/{id}"));
        app.MapGet("/own/{group:int}", (int group, TenantContext tenants, Rows rows) => rows.GroupAsync(Number(tenants), group))
            .Cached(c => c.PerTenant().Tag("own/{group}/**"));
        app.MapGet("/shared/{group}/{id:int}", (int id, Rows rows) => rows.ItemAsync(World.Shared, id)).Cached(c => c.Public().Tag("shared/{group}/{id}"));
        app.MapGet("/shared/{group:int}", (int group, Rows rows) => rows.GroupAsync(World.Shared, group)).Cached(c => c.Public().Tag("shared/{group}/**"));
        app.MapGet("/data", ReadDataAsync);
    }

    // Each row is a value of its own, under a key of its own.
    private static async Task<string> ReadDataAsync(HttpContext http, TenantContext tenants, HybridCache cache, Rows rows)
    {
        var loads = 0;
        var tenant = Number(tenants);
        var all = new string[World.RowsPerTenant];
        for (var id = 0; id < all.Length; id++)
        {
            var row = id;
            all[row] = await cache.GetOrCreateAsync(
                Keys[row],
                async _ =>
                {
                    loads++;
                    return await rows.ItemAsync(tenant, row);
                },
                tags: Tags[row]);
        }

        http.Response.Headers[LoadsHeader] = loads.ToString(CultureInfo.InvariantCulture);
        return string.Concat(all);
    }

    private static readonly string[] Keys = [.. Enumerable.Range(0, World.RowsPerTenant).Select(id => string.Create(CultureInfo.InvariantCulture, $"row {id}"))];

    private static readonly string[][] Tags =
        [.. Enumerable.Range(0, World.RowsPerTenant).Select(id => (string[])[string.Create(CultureInfo.InvariantCulture, $"own/{World.GroupOf(id)}/{id}")])];

    private static void MapWrites(WebApplication app, Plant plant)
    {
        app.MapPost("/own/{group:int}/{id:int}", (int group, int id, TenantContext tenants, Rows rows, CacheInvalidationService cache) =>
            WriteAsync(rows.WriteAsync(Number(tenants), id), Tag.Of("own", Text(group), Text(id)), cache, plant));
        app.MapPost("/shared/{group:int}/{id:int}", (int group, int id, Rows rows, CacheInvalidationService cache) =>
            WriteAsync(rows.WriteAsync(World.Shared, id), Tag.Of("shared", Text(group), Text(id)), cache, plant));
    }

    // C8: after the commit.
    private static async Task<string> WriteAsync(Task<string> commit, Tag tag, CacheInvalidationService cache, Plant plant)
    {
        var written = await commit;
        if (plant is Plant.AcknowledgeBeforeLogged)
            Plants.Later(cache, tag);
        else
            await cache.InvalidateAsync(tag);
        return written;
    }

    private static int Number(TenantContext tenants) => int.Parse(tenants.Current.Name, CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
