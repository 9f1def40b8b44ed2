using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Features.Authentication;
using Microsoft.Net.Http.Headers;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// The request that a load is run on. It is made from the parts of the key alone, so that an answer cannot depend on
/// anything that is not in its key: what is not copied here does not exist for the handler.
/// </summary>
internal static class LoadContext
{
    // Set by the middleware that has run on the real request; the endpoint middleware refuses to run without them.
    private static readonly string[] Markers =
    [
        "__AuthorizationMiddlewareWithEndpointInvoked", "__CorsMiddlewareWithEndpointInvoked", "__AntiforgeryMiddlewareWithEndpointInvoked",
    ];

    // They tell one request from another for tracing; no answer is made of them.
    private static readonly string[] TraceHeaders = [HeaderNames.TraceParent, HeaderNames.TraceState, HeaderNames.RequestId];

    /// <summary>Copies what the key holds out of the real request, which may end before the load does.</summary>
    public static FeatureCollection Reduce(HttpContext context, CachePlan plan, in RequestScope scope, TenantResolver tenants)
    {
        var real = context.Request;
        var query = QueryText.Reduce(real.QueryString.Value, plan.QueryNames);
        var request = new HttpRequestFeature
        {
            Method = HttpMethods.Get,
            Scheme = real.Scheme,
            Protocol = HttpProtocol.Http11,
            PathBase = real.PathBase.Value ?? "",
            Path = real.Path.Value ?? "",
            QueryString = query,
            RawTarget = real.PathBase.ToUriComponent() + real.Path.ToUriComponent() + query,
            Body = Stream.Null,
            Headers = new HeaderDictionary { [HeaderNames.Host] = real.Host.Value },
        };
        foreach (var name in TraceHeaders)
            Copy(real.Headers, request.Headers, name);
        foreach (var name in plan.Headers)
            Copy(real.Headers, request.Headers, name);
        // A cookie is declared one by one; its value goes back on the wire as it came.
        var cookies = string.Join("; ", plan.Cookies.Where(real.Cookies.ContainsKey).Select(name => $"{name}={Uri.EscapeDataString(real.Cookies[name]!)}"));
        if (cookies.Length > 0)
            request.Headers.Cookie = cookies;

        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpAuthenticationFeature>(new HttpAuthenticationFeature { User = scope.Reduce(context.User, plan, tenants.Claims) });
        features.Set<IEndpointFeature>(new EndpointFeature { Endpoint = context.GetEndpoint() });
        features.Set<IRouteValuesFeature>(new RouteValuesFeature { RouteValues = new(real.RouteValues) });
        features.Set<IHttpRequestIdentifierFeature>(new HttpRequestIdentifierFeature { TraceIdentifier = context.TraceIdentifier });

        var items = new ItemsFeature();
        foreach (var marker in Markers)
        {
            if (context.Items.TryGetValue(marker, out var value))
                items.Items[marker] = value;
        }

        features.Set<IItemsFeature>(items);
        return features;
    }

    private static void Copy(IHeaderDictionary from, IHeaderDictionary to, string name)
    {
        if (from.TryGetValue(name, out var values))
            to[name] = values;
    }

    private sealed class EndpointFeature : IEndpointFeature
    {
        public Endpoint? Endpoint { get; set; }
    }
}
