using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using MigrationPlatform.Access;
using MigrationPlatform.Assets;
using MigrationPlatform.Context;
using MigrationPlatform.Dashboard;
using MigrationPlatform.Data;
using MigrationPlatform.Development;
using MigrationPlatform.Engagements;
using MigrationPlatform.FieldMappings;
using MigrationPlatform.Imports;
using MigrationPlatform.Reference;
using MigrationPlatform.Users;

namespace MigrationPlatform;

/// <summary>The platform: its services, its pipeline and its routes. Runs by itself, in tests and in the demo.</summary>
public static class PlatformApp
{
    /// <summary>Builds the application; the arguments are configuration, such as <c>--Platform:DataFolder=…</c>.</summary>
    public static WebApplication Build(params string[] args)
    {
        // The settings lie beside the assembly, wherever the process was started.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ApplicationName = typeof(PlatformApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        AddServices(builder);
        var app = builder.Build();
        UsePipeline(app);
        MapRoutes(app);
        return app;
    }

    private static void AddServices(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptionsWithValidateOnStart<PlatformOptions>().BindConfiguration(PlatformOptions.Section).ValidateDataAnnotations();
        services.AddSingleton(TimeProvider.System);
        services.AddPlatformDatabase();
        var freshet = services.AddFreshet()
            .AddEntityFramework<PlatformDb>(PlatformEntities.Declare)
            .Tenants(tenants => tenants.FromClaim(PlatformClaims.Tenant));
        // Nodes that share a database share a Redis; one alone needs none. Address and secret stand in the configuration.
        if (!string.IsNullOrWhiteSpace(builder.Configuration["Freshet:Redis:Address"])) freshet.UseRedis();

        Tokens.AddTo(services);
        services.AddAuthorizationBuilder().AddPlatformPolicies();

        services.AddProblemDetails();
        services.AddExceptionHandler<ExpectedErrors>();
        services.AddValidation();
        services.AddOpenApi();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
            // A body that leaves out a field, or says null, is refused: it would otherwise mean the first value of an enum.
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
            json.SerializerOptions.RespectNullableAnnotations = true;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);
        if (builder.Environment.IsDevelopment()) services.AddDevelopment();
    }

    private static void UsePipeline(WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            StatusCodeSelector = ExpectedErrors.StatusOf,
            SuppressDiagnosticsCallback = failed => ExpectedErrors.Has(failed.Exception),
        });
        app.UseStatusCodePages();
        if (app.Environment.IsDevelopment())
        {
            app.UseDefaultFiles();
            app.UseStaticFiles();
        }

        app.UseAuthentication();
        app.UseAuthorization();
        app.UseFreshet();
        if (app.Environment.IsDevelopment()) app.UseMiddleware<OriginMiddleware>();
    }

    private static void MapRoutes(WebApplication app)
    {
        // Most answers are the same for the whole tenant; what is not says so. Validation filters only look at what is in the key.
        var api = app.MapGroup("/api/v1")
            .RequireAuthorization()
            .Cached(policy => policy.PerTenant().For(TimeSpan.FromHours(1)).VersionFrom("version").FiltersOnLoadOnly());
        api.MapContext();
        api.MapUsers();
        api.MapEngagements();
        api.MapImports(app.Services.GetRequiredService<IOptions<PlatformOptions>>().Value);
        api.MapFieldMappings();
        api.MapAssets();
        api.MapDashboard();
        api.MapReference();
        app.MapCacheEvents("/ws/cache-events");
        app.MapOpenApi();
        if (app.Environment.IsDevelopment()) app.MapDevelopment();
    }
}
