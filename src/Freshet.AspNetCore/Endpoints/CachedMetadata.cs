namespace Freshet.AspNetCore.Endpoints;

/// <summary>One call of <c>.Cached(…)</c> or one attribute, as it lies in an endpoint's metadata, outermost first.</summary>
internal interface ICachedMetadata
{
    /// <summary>A policy by name, or null for none.</summary>
    string? PolicyName { get; }

    void Apply(CachePolicyBuilder policy);
}

internal sealed class CachedMetadata(string? policyName, Action<CachePolicyBuilder>? configure) : ICachedMetadata
{
    public string? PolicyName => policyName;

    public void Apply(CachePolicyBuilder policy) => configure?.Invoke(policy);
}

/// <summary>Endpoint filters were added: they are compiled into the handler and cannot be seen in the endpoint itself.</summary>
internal sealed class EndpointFiltersMetadata
{
    public static readonly EndpointFiltersMetadata Instance = new();
}

/// <summary>A write that is made against a version: <c>.RequireIfMatch()</c>.</summary>
internal sealed class IfMatchMetadata(bool isRequired)
{
    public bool IsRequired => isRequired;
}
