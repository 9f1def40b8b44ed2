using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>Which query values a handler's parameters declare.</summary>
/// <remarks>
/// A mistake here costs a value that the handler misses, never a wrong answer: the load sees exactly what is in the key.
/// </remarks>
internal static class DeclaredQuery
{
    /// <summary>The names, or null for the whole query: the handler takes the request itself, or something that binds itself from it.</summary>
    public static string[]? Of(Endpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<ControllerActionDescriptor>() is { } action)
            return OfAction(action);

        var method = endpoint.Metadata.GetMetadata<MethodInfo>();
        if (method is null || endpoint is not RouteEndpoint { RoutePattern: var pattern })
            return null;

        var names = new List<string>();
        foreach (var parameter in method.GetParameters())
        {
            var kind = KindOf(parameter, pattern.GetParameter(parameter.Name ?? "") is not null, out var name);
            if (kind is Kind.Whole)
                return null;
            if (kind is Kind.Query)
                names.Add(name);
        }

        return [.. names];
    }

    private enum Kind
    {
        Other,
        Query,
        Whole,
    }

    // The order in which minimal APIs bind: attributes, special types, the route, simple types from the query, services.
    private static Kind KindOf(ParameterInfo parameter, bool isInRoute, out string name)
    {
        name = parameter.Name ?? "";
        var attributes = parameter.GetCustomAttributes(inherit: true);
        if (attributes.OfType<IFromQueryMetadata>().FirstOrDefault() is { } query)
        {
            name = query.Name ?? name;
            return Kind.Query;
        }

        if (attributes.OfType<AsParametersAttribute>().Any())
            return Kind.Whole;
        if (attributes.Any(a => a is IFromRouteMetadata or IFromHeaderMetadata or IFromBodyMetadata or IFromFormMetadata or IFromServiceMetadata))
            return Kind.Other;

        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (type == typeof(HttpContext) || type == typeof(HttpRequest) || BindsItself(type))
            return Kind.Whole;
        if (isInRoute)
            return Kind.Other;

        var element = type.IsArray ? type.GetElementType()! : type;
        return IsSimple(Nullable.GetUnderlyingType(element) ?? element) ? Kind.Query : Kind.Other;
    }

    private static bool BindsItself(Type type) =>
        type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.FlattenHierarchy).Any(m => m.Name == "BindAsync")
        || type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IBindableFromHttpContext<>));

    private static bool IsSimple(Type type) =>
        type == typeof(string) || type == typeof(StringValues) || type == typeof(Uri) || type.IsEnum
        || type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.FlattenHierarchy)
            .Any(m => m.Name == "TryParse" && m.ReturnType == typeof(bool) && m.GetParameters() is [{ ParameterType: var from }, ..] && from == typeof(string));

    // A controller has the request at hand; without declared parameters nothing says that it does not read the query from it.
    private static string[]? OfAction(ControllerActionDescriptor action)
    {
        var names = new List<string>();
        foreach (var parameter in action.Parameters)
        {
            var source = parameter.BindingInfo?.BindingSource;
            var inRoute = action.AttributeRouteInfo?.Template?.Contains("{" + parameter.Name, StringComparison.OrdinalIgnoreCase) == true;
            if (source is not null && source != BindingSource.Query && source != BindingSource.ModelBinding && source != BindingSource.Custom)
                continue;
            if (source is null && inRoute)
                continue;

            var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
            var element = type.IsArray ? type.GetElementType()! : type;
            if (type == typeof(CancellationToken))
                continue;
            if (!IsSimple(Nullable.GetUnderlyingType(element) ?? element))
                return null;
            names.Add(parameter.BindingInfo?.BinderModelName ?? parameter.Name);
        }

        return names.Count > 0 ? [.. names] : null;
    }
}
