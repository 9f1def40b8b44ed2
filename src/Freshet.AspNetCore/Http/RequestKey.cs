using System.Globalization;
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
        key.Append(scope.UserClaim?.Issuer, "issuer");
        key.Append(scope.UserClaim?.Value, "user");
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

    private static void WriteClaims(ref KeyWriter key, HttpContext context, string type)
    {
        var count = 0;
        foreach (var claim in context.User.Claims)
            count += claim.Type == type ? 1 : 0;
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
