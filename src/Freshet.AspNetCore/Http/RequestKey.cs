using System.Globalization;
using System.Security.Claims;
using System.Security.Principal;
using Freshet.AspNetCore.Endpoints;
using Freshet.Keys;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>
/// Writes the key of a request: everything that its load can see, and nothing else (<see cref="LoadContext"/> is made from
/// the same parts). No part is folded or normalised.
/// </summary>
internal static class RequestKey
{
    public static void Write(ref KeyWriter key, CachePlan plan, in RequestScope scope, HttpContext context)
    {
        key.AppendWritten(plan.KeyPrefix);

        key.AppendChecked(scope.Owner.Id);
        key.AppendCount(scope.IsAuthenticated ? 1 : 0, "authentication");
        key.Append(scope.UserClaim?.Type, "user claim");
        key.Append(scope.UserClaim?.Issuer, "issuer");
        key.Append(scope.UserClaim?.Value, "user");
        if (scope.IsAuthenticated)
            WriteIdentity(ref key, context.User.Identity);
        foreach (var type in plan.Claims)
            WriteClaims(ref key, context, type);

        var request = context.Request;
        key.Append(request.Scheme, "scheme");
        key.Append(request.Host.Value, "host");
        key.Append(request.PathBase.Value, "path base");
        key.Append(request.Path.Value, "path");
        WriteRoute(ref key, request);
        QueryText.WriteKey(ref key, request.QueryString.Value, plan.QueryNames);

        foreach (var name in plan.Headers)
            WriteValues(ref key, request.Headers[name], name);
        foreach (var name in plan.Cookies)
            key.Append(request.Cookies[name], name);

        key.AppendChecked(CultureInfo.CurrentCulture.Name);
        key.AppendChecked(CultureInfo.CurrentUICulture.Name);
        foreach (var part in plan.KeyParts)
            key.Append(part(context), "VaryBy");
    }

    // The path alone does not give the route values when something else than the path decided on them.
    private static void WriteRoute(ref KeyWriter key, HttpRequest request)
    {
        var values = request.RouteValues;
        key.AppendCount(values.Count, "route values");
        if (values.Count == 0)
            return;
        foreach (var (name, value) in values)
        {
            key.Append(name, "route value");
            key.Append(value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture), name);
        }
    }

    // Two schemes may know the same name; and the load's principal reads its name and its roles by these types.
    private static void WriteIdentity(ref KeyWriter key, IIdentity? identity)
    {
        var own = identity as ClaimsIdentity;
        key.Append(identity?.AuthenticationType, "authentication type");
        key.Append(own?.NameClaimType, "name claim type");
        key.Append(own?.RoleClaimType, "role claim type");
    }

    // Claim types are compared as the load's principal finds them: ClaimsPrincipal.FindAll ignores case.
    private static void WriteClaims(ref KeyWriter key, HttpContext context, string type)
    {
        var count = 0;
        foreach (var claim in context.User.Claims)
            count += string.Equals(claim.Type, type, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        key.AppendCount(count, type);
        if (count == 0)
            return;
        foreach (var claim in context.User.FindAll(type))
            key.Append(claim.Value, type);
    }

    private static void WriteValues(ref KeyWriter key, StringValues values, string name)
    {
        key.AppendCount(values.Count, name);
        for (var i = 0; i < values.Count; i++)
            key.Append(values[i], name);
    }
}
