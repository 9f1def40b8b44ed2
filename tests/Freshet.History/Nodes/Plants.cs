using System.Collections.Concurrent;
using Freshet.History.Judging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Freshet.History.Nodes;

/// <summary>What a node does wrong on purpose, to show that the judge sees it. The product is as it is.</summary>
internal enum Plant
{
    None,

    /// <summary>Clients' positions are dropped.</summary>
    ForgetSession,

    /// <summary>Writes are acknowledged before they are logged.</summary>
    AcknowledgeBeforeLogged,

    /// <summary>Answers are kept for a short time, whatever is written on the node.</summary>
    NoOwnTouch,

    /// <summary>The same for lists alone.</summary>
    NoOwnTouchOfLists,

    /// <summary>Answers from out of contact are kept until a write of the node is logged, so what is pending is not seen.</summary>
    ForgetPending,

    /// <summary>Answers are kept for long, until the node itself writes.</summary>
    NeverHear,

    /// <summary>Answers are kept for a short time, by their path alone.</summary>
    ForgetTenant,

    /// <summary>Nothing is answered out of contact.</summary>
    FailWithoutContact,
}

/// <summary>The plants, as middleware around the product.</summary>
internal static class Plants
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2.5);

    /// <summary>How a plant breaks the promise, and no other way.</summary>
    public static BrokenKind[] KindsOf(Plant plant) => plant switch
    {
        Plant.ForgetSession => [BrokenKind.OwnWrite],
        Plant.AcknowledgeBeforeLogged => [BrokenKind.OwnWrite, BrokenKind.WriteOfTheNode],
        Plant.NoOwnTouch or Plant.NoOwnTouchOfLists => [BrokenKind.WriteOfTheNode],
        Plant.ForgetPending => [BrokenKind.PendingWrite],
        Plant.NeverHear => [BrokenKind.Stale],
        Plant.ForgetTenant => [BrokenKind.Foreign],
        Plant.FailWithoutContact => [BrokenKind.NoAnswer],
        _ => [],
    };

    public static void Use(IApplicationBuilder app, Plant plant)
    {
        switch (plant)
        {
            case Plant.ForgetSession:
                app.Use((context, next) =>
                {
                    context.Request.Headers.Remove("Freshet-Position");
                    return next(context);
                });
                break;
            case Plant.NoOwnTouch:
                Keep(app, Short, _ => true, _ => false);
                break;
            case Plant.NoOwnTouchOfLists:
                Keep(app, Short, context => context.Request.Path.Value!.Count(c => c == '/') == 2, _ => false);
                break;
            case Plant.ForgetPending:
                var isOut = false;
                Keep(
                    app, Long,
                    context => isOut = context.Response.Headers.ContainsKey("Cache-Status") ? IsOutOfContact(context.Response) : isOut,
                    response => !response.Headers.ContainsKey("Freshet-Pending"));
                break;
            case Plant.NeverHear:
                Keep(app, Long, _ => true, _ => true);
                break;
            case Plant.ForgetTenant:
                Keep(app, Short, _ => true, _ => true, byTenant: false);
                break;
            case Plant.FailWithoutContact:
                FailWithoutContact(app);
                break;
        }
    }

    /// <summary>Invalidates when the answer is already on its way.</summary>
    public static void Later(CacheInvalidationService cache, Tag tag) => _ = LaterAsync(cache, tag);

    private static async Task LaterAsync(CacheInvalidationService cache, Tag tag)
    {
        await Task.Delay(Short, TimeProvider.System);
        await cache.InvalidateAsync(tag);
    }

    // Some answers, for those who carry no position, for so long or until a write whose answer ends it.
    private static void Keep(
        IApplicationBuilder app, TimeSpan lifetime, Func<HttpContext, bool> keeps, Func<HttpResponse, bool> ends, bool byTenant = true)
    {
        var kept = new ConcurrentDictionary<string, (long At, byte[] Body)>(StringComparer.Ordinal);
        var time = TimeProvider.System;
        var writes = 0;
        app.Use(async (context, next) =>
        {
            var request = context.Request;
            if (!HttpMethods.IsGet(request.Method))
            {
                context.Response.OnStarting(() =>
                {
                    if (ends(context.Response))
                    {
                        Interlocked.Increment(ref writes);
                        kept.Clear();
                    }

                    return Task.CompletedTask;
                });
                await next(context);
                return;
            }

            var key = request.Path + (byTenant ? request.Headers[NodeProgram.TenantHeader].ToString() : "");
            if (request.Headers.ContainsKey("Freshet-Position"))
            {
                await next(context);
            }
            else if (kept.TryGetValue(key, out var held) && time.GetElapsedTime(held.At) < lifetime)
            {
                await context.Response.Body.WriteAsync(held.Body);
            }
            else
            {
                var (at, before, real) = (time.GetTimestamp(), Volatile.Read(ref writes), context.Response.Body);
                using var body = new MemoryStream();
                context.Response.Body = body;
                await next(context);
                context.Response.Body = real;
                await real.WriteAsync(body.ToArray());
                if (!keeps(context))
                    return;
                kept[key] = (at, body.ToArray());
                if (before != Volatile.Read(ref writes))
                    kept.TryRemove(key, out _);
            }
        });
    }

    private static void FailWithoutContact(IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            if (IsOutOfContact(context.Response))
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        await next(context);
    });

    private static bool IsOutOfContact(HttpResponse response) =>
        response.Headers["Cache-Status"].ToString().Contains("no-contact", StringComparison.Ordinal);
}

/// <summary>Puts the plant outside of Freshet's own filter, so that it sees the heads of answers as clients do.</summary>
internal sealed class PlantFilter(Plant plant) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        Plants.Use(app, plant);
        next(app);
    };
}
