using Freshet.Invalidation;
using Microsoft.AspNetCore.Routing;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>Refuses to start an application whose declarations cannot hold.</summary>
internal sealed class StartupCheck(EndpointPlans plans, EntityModelSource model, IServiceProvider services)
{
    /// <summary>Whether <c>UseFreshet()</c> was called.</summary>
    public bool IsUsed { get; set; }

    /// <exception cref="InvalidOperationException">Something is wrong; the message names each endpoint and the way out.</exception>
    public void Run()
    {
        // Without routing there are no endpoints, and nothing to check.
        if (services.GetService<EndpointDataSource>() is not { } source)
            return;

        plans.Know(source.Endpoints);
        var faults = new List<string>();
        foreach (var endpoint in source.Endpoints)
        {
            var plan = plans.For(endpoint);
            if (plan.Fault is { } fault)
                faults.Add(fault);
            else if (!IsUsed && plan.Cached is not null)
                faults.Add($"The endpoint '{endpoint.DisplayName}' is cached, but the middleware is missing: call app.UseFreshet() after UseAuthentication() and UseAuthorization().");
            else if (!IsUsed && plan.IfMatch is not null)
                faults.Add($"The endpoint '{endpoint.DisplayName}' requires If-Match, but the middleware is missing: call app.UseFreshet() after UseAuthentication() and UseAuthorization().");
        }

        foreach (var endpoint in source.Endpoints)
        {
            foreach (var tag in plans.For(endpoint).Cached?.TagTemplates ?? [])
                model.Tags.InPolicy(endpoint.DisplayName, tag.ToString(), tag.KnownSegments, tag.IsSubtree);
        }

        if (faults.Count > 0)
            throw new InvalidOperationException(string.Join(Environment.NewLine, faults));
    }
}
