using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore;

/// <summary>Says where the tenant of a request comes from.</summary>
public sealed class TenantsBuilder
{
    internal List<Func<HttpContext, string?>> Sources { get; } = [];

    internal List<string> Claims { get; } = [];

    /// <summary>The tenant is the value of this claim of the authenticated user.</summary>
    /// <param name="type">The claim's type; case is ignored, as everywhere in claims principals.</param>
    public TenantsBuilder FromClaim(string type)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        Claims.Add(type);
        return From(context => context.User.Identity?.IsAuthenticated == true ? context.User.FindFirstValue(type) : null);
    }

    /// <summary>The tenant is what this finds in the request; null when it finds none.</summary>
    /// <param name="source">Called for each request, after authentication: it must be quick, and trust nothing that a client can invent.</param>
    public TenantsBuilder From(Func<HttpContext, string?> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Sources.Add(source);
        return this;
    }
}
