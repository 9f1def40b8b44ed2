using Freshet;
using Freshet.AspNetCore;
using Freshet.AspNetCore.Events;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tells clients what has changed.</summary>
public static class CacheEventsExtensions
{
    /// <summary>
    /// Tells clients at this address which of the answers that they keep were touched: over WebSocket, or as an event stream
    /// for who accepts <c>text/event-stream</c>. From then on cached answers name their dependencies (<c>Cache-Groups</c>,
    /// RFC 9875). Where the application has authentication, only who is signed in may connect; say <c>AllowAnonymous()</c> or
    /// <c>RequireAuthorization(…)</c> for something else.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The address, such as <c>/ws/cache-events</c>.</param>
    /// <exception cref="InvalidOperationException"><c>AddFreshet()</c> was not called.</exception>
    public static IEndpointConventionBuilder MapCacheEvents(this IEndpointRouteBuilder endpoints, string pattern)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var groups = endpoints.ServiceProvider.GetService<AnswerGroups>()
            ?? throw new InvalidOperationException("MapCacheEvents() needs AddFreshet(): builder.Services.AddFreshet().");
        groups.IsEnabled = true;
        var endpoint = endpoints.ServiceProvider.GetRequiredService<EventEndpoint>();
        var pipeline = endpoints.CreateApplicationBuilder().UseWebSockets();
        pipeline.Run(endpoint.AnswerAsync);
        var mapped = endpoints.MapMethods(pattern, [HttpMethods.Get, HttpMethods.Connect], pipeline.Build())
            .WithDisplayName($"Freshet events {pattern}")
            .WithMetadata(EventsMetadata.Instance);
        if (endpoints.ServiceProvider.GetService<IAuthenticationSchemeProvider>() is not null)
            mapped.RequireAuthorization();
        return mapped;
    }

    /// <summary>Changes the settings of events to clients.</summary>
    public static FreshetBuilder Events(this FreshetBuilder builder, Action<CacheEventOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure(configure);
        return builder;
    }
}
