using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>The plan of each endpoint, compiled at start or when the endpoint is first seen. Safe for concurrent use.</summary>
internal sealed class EndpointPlans(PlanCompiler compiler)
{
    private readonly ConditionalWeakTable<Endpoint, EndpointPlan> _plans = [];

    public EndpointPlan For(Endpoint endpoint) =>
        _plans.TryGetValue(endpoint, out var plan) ? plan : _plans.GetValue(endpoint, compiler.Compile);

    /// <inheritdoc cref="PlanCompiler.Know"/>
    public void Know(IReadOnlyList<Endpoint> endpoints) => compiler.Know(endpoints);
}
