using Freshet.AspNetCore.Tests.Testing;
using Freshet.Coherence;
using Freshet.Invalidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Events;

/// <summary>An application with tenants, an entity model, and events at <c>/events</c>.</summary>
internal static class EventApp
{
    public static Tenant Acme { get; } = Tenant.Named("acme");

    public static Task<TestApp> StartAsync(Action<CacheEventOptions>? events = null, Action<WebApplication>? map = null, Action<FreshetBuilder>? freshet = null) =>
        TestApp.StartAsync(
            app =>
            {
                app.MapCacheEvents("/events");
                map?.Invoke(app);
            },
            builder =>
            {
                builder.Tenants(t => t.FromClaim("tenant")).Events(o => events?.Invoke(o));
                builder.Services.AddSingleton(new EntityModelPart(true, (_, model) =>
                {
                    model.Entity("import");
                    model.Entity("mapping");
                    model.Entity("inbox").UserScoped();
                }));
                freshet?.Invoke(builder);
            });

    public static async Task<Position> WriteAsync(this TestApp app, string entity, string id, Tenant? tenant = null) => (await app.Engine
        .InvalidateAsync(tenant ?? Acme, [Tag.Of(entity, id)], new ChangeSummary(ChangeAction.Updated, entity, id)))!.Value;

    public static CacheEventManager Events(this TestApp app) => app.Services.GetRequiredService<CacheEventManager>();
}
