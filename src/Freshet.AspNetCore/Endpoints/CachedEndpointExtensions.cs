using Freshet.AspNetCore;
using Freshet.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts cache policies on endpoints and groups.</summary>
public static class CachedEndpointExtensions
{
    /// <summary>
    /// Caches the answers of the endpoint, or of the GET endpoints of the group: GET and HEAD, which is added. Without
    /// further words an answer is stored for <see cref="Freshet.FreshetOptions.DefaultLifetime"/>, one for each user.
    /// </summary>
    /// <param name="builder">An endpoint or a group.</param>
    /// <param name="policy">Says how; called once when the endpoint is built. On an inner group or endpoint it overrides what the outer one says.</param>
    public static TBuilder Cached<TBuilder>(this TBuilder builder, Action<CachePolicyBuilder>? policy = null)
        where TBuilder : IEndpointConventionBuilder => Add(builder, new CachedMetadata(null, policy));

    /// <summary>Caches by a policy that was named with <c>AddFreshet().Policy(name, …)</c>.</summary>
    /// <param name="builder">An endpoint or a group.</param>
    /// <param name="policyName">The name, compared ordinally; an unknown one fails at start.</param>
    /// <param name="policy">Says what differs from the named policy.</param>
    public static TBuilder Cached<TBuilder>(this TBuilder builder, string policyName, Action<CachePolicyBuilder>? policy = null)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentException.ThrowIfNullOrEmpty(policyName);
        return Add(builder, new CachedMetadata(policyName, policy));
    }

    /// <summary>
    /// Makes a write conditional: <c>If-Match</c> must name the version it is made against, as it stands in the entity tag of
    /// a policy with <see cref="CachePolicyBuilder.VersionFrom"/>. The handler takes it from <c>HttpContext.Freshet().IfMatch</c>
    /// and gives it to the data layer's concurrency token, so that check and write are one statement; a lost race gives 412.
    /// </summary>
    /// <param name="builder">A PUT, PATCH, POST or DELETE endpoint, or a group.</param>
    /// <param name="required">Whether a request without <c>If-Match</c> gets 428 (RFC 6585 §3). Default true.</param>
    public static TBuilder RequireIfMatch<TBuilder>(this TBuilder builder, bool required = true)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => endpoint.Metadata.Add(new IfMatchMetadata(required)));
        return builder;
    }

    private static TBuilder Add<TBuilder>(TBuilder builder, CachedMetadata metadata)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Add(endpoint => endpoint.Metadata.Add(metadata));
        builder.Finally(static endpoint =>
        {
            if (!endpoint.FilterFactories.All(OnlyValidates))
                endpoint.Metadata.Add(EndpointFiltersMetadata.Instance);
            for (var i = 0; i < endpoint.Metadata.Count; i++)
            {
                if (endpoint.Metadata[i] is IHttpMethodMetadata methods && HeadMethod.With(methods.HttpMethods) is { } more)
                    endpoint.Metadata[i] = new HttpMethodMetadata(more, methods.AcceptCorsPreflight);
            }
        });
        return builder;
    }

    // AddValidation() puts its filter on every endpoint. It looks at the handler's arguments, which a load binds from what is
    // in the key. Only the framework's own assembly holds a type of that name; under another name it fails at start, as any filter does.
    private static bool OnlyValidates(Func<EndpointFilterFactoryContext, EndpointFilterDelegate, EndpointFilterDelegate> factory) =>
        factory.Method.DeclaringType is { FullName: "Microsoft.AspNetCore.Http.Validation.ValidationEndpointFilterFactory" } type
        && type.Assembly == typeof(RouteEndpoint).Assembly;
}
