using Freshet.AspNetCore.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ActionConstraints;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Routing;

namespace Freshet.AspNetCore;

/// <summary>Caches the answers of a controller's GET actions, or of one action; on the action it overrides the controller.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class CachedAttribute : Attribute, ICachedMetadata, IActionModelConvention, IControllerModelConvention
{
    private CacheScope? _scope;
    private bool? _isAgeOnly;

    /// <summary>A named policy to start from, or null.</summary>
    public string? Policy { get; set; }

    /// <summary>How long an answer is fresh, in seconds; 0, the default, leaves it to the policy.</summary>
    public int Seconds { get; set; }

    /// <summary>Who shares an answer. Default <see cref="CacheScope.User"/>, or what the policy says.</summary>
    public CacheScope Scope
    {
        get => _scope ?? CacheScope.User;
        set => _scope = value;
    }

    /// <summary>Claims by which answers differ.</summary>
    public string[] VaryByClaim { get; set; } = [];

    /// <summary>Request headers by which answers differ.</summary>
    public string[] VaryByHeader { get; set; } = [];

    /// <summary>Tags that answers depend on: <c>import/{id}</c>.</summary>
    public string[] Tags { get; set; } = [];

    /// <summary>See <see cref="CachePolicyBuilder.AgeOnly"/>. Default false, or what the controller or the policy says.</summary>
    public bool AgeOnly
    {
        get => _isAgeOnly ?? false;
        set => _isAgeOnly = value;
    }

    /// <summary>See <see cref="CachePolicyBuilder.FiltersOnLoadOnly"/>.</summary>
    public bool FiltersOnLoadOnly { get; set; }

    string? ICachedMetadata.PolicyName => Policy;

    void ICachedMetadata.Apply(CachePolicyBuilder policy)
    {
        if (Seconds != 0)
            policy.For(TimeSpan.FromSeconds(Seconds));
        if (_scope is { } scope)
            policy.In(scope);
        policy.VaryByClaim(VaryByClaim).VaryByHeader(VaryByHeader);
        foreach (var tag in Tags)
            policy.Tag(tag);
        if (_isAgeOnly is { } isAgeOnly)
            policy.AgeOnly(isAgeOnly);
        if (FiltersOnLoadOnly)
            policy.FiltersOnLoadOnly();
    }

    void IControllerModelConvention.Apply(ControllerModel controller)
    {
        foreach (var action in controller.Actions)
            AddHead(action);
    }

    void IActionModelConvention.Apply(ActionModel action) => AddHead(action);

    // RFC 9110 §9.3.2: what can be read with GET can be asked about with HEAD.
    private static void AddHead(ActionModel action)
    {
        foreach (var selector in action.Selectors)
        {
            for (var i = 0; i < selector.ActionConstraints.Count; i++)
            {
                if (selector.ActionConstraints[i] is HttpMethodActionConstraint methods && HeadMethod.With(methods.HttpMethods) is { } more)
                    selector.ActionConstraints[i] = new HttpMethodActionConstraint(more);
            }

            for (var i = 0; i < selector.EndpointMetadata.Count; i++)
            {
                if (selector.EndpointMetadata[i] is IHttpMethodMetadata methods && HeadMethod.With(methods.HttpMethods) is { } more)
                    selector.EndpointMetadata[i] = new HttpMethodMetadata(more, methods.AcceptCorsPreflight);
            }
        }
    }
}

/// <summary>HEAD beside GET.</summary>
internal static class HeadMethod
{
    /// <summary>The methods with HEAD added; null when there is nothing to add.</summary>
    public static string[]? With(IEnumerable<string> methods)
    {
        var known = methods.ToArray();
        return known.Any(HttpMethods.IsGet) && !known.Any(HttpMethods.IsHead) ? [.. known, HttpMethods.Head] : null;
    }
}
