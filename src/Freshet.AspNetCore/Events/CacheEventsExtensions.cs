using Freshet;
using Freshet.AspNetCore;
using Freshet.AspNetCore.Events;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Tells clients what has changed.</summary>
public static class CacheEventsExtensions
{
    /// <summary>
    /// Tells clients at this address which of the answers that they keep were touched: over WebSocket, or as an event stream
    /// for who accepts <c>text/event-stream</c>. From then on cached answers name their dependencies (<c>Cache-Groups</c>,
    /// RFC 9875). Where the application has authentication, only who is signed in and fulfils its fallback policy may connect; say
    /// <c>AllowAnonymous()</c> or <c>RequireAuthorization(…)</c> for something else.
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
            .WithMetadata(EventsMetadata.Instance)
            // A connection is no request that takes too long.
            .DisableRequestTimeout();
        if (endpoints.ServiceProvider.GetService<IAuthenticationSchemeProvider>() is not null)
        {
            var fallback = endpoints.ServiceProvider.GetService<IOptions<AuthorizationOptions>>()?.Value.FallbackPolicy;
            mapped.Finally(endpoint => Protect(endpoint, fallback));
        }

        return mapped;
    }

    // Where the application says nothing. What is said here keeps its fallback policy from being applied, so that is said too.
    private static void Protect(EndpointBuilder endpoint, AuthorizationPolicy? fallback)
    {
        if (endpoint.Metadata.Any(m => m is IAuthorizeData or AuthorizationPolicy or IAllowAnonymous))
            return;
        endpoint.Metadata.Add(new AuthorizeAttribute());
        if (fallback is not null)
            endpoint.Metadata.Add(fallback);
    }

    /// <summary>Changes the settings of events to clients.</summary>
    public static FreshetBuilder Events(this FreshetBuilder builder, Action<CacheEventOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure(configure);
        return builder;
    }
}
