using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Security;

/// <summary>Finds the tenant of a request; the first source that knows one decides. Safe for concurrent use.</summary>
internal sealed class TenantResolver(IReadOnlyList<Func<HttpContext, string?>> sources, IReadOnlyList<string> claims)
{
    // Names are kept so that a hit allocates none; the bound only matters to applications with very many tenants.
    private const int MaxKnown = 10_000;
    private readonly ConcurrentDictionary<string, Tenant> _known = new(StringComparer.Ordinal);

    /// <summary>An application without tenants has one.</summary>
    public static TenantResolver Implicit { get; } = new([], []);

    /// <summary>The claims that a load may see because they name the tenant.</summary>
    public IReadOnlyList<string> Claims => claims;

    /// <returns>False when the application declares tenants and the request names none that is usable: fail closed.</returns>
    public bool TryResolve(HttpContext context, out Tenant tenant)
    {
        tenant = Tenant.Default;
        if (sources.Count == 0)
            return true;

        for (var i = 0; i < sources.Count; i++)
        {
            if (sources[i](context) is { Length: > 0 } name)
                return TryName(name, out tenant);
        }

        return false;
    }

    private bool TryName(string name, out Tenant tenant)
    {
        if (_known.TryGetValue(name, out tenant))
            return true;
        if (Keys.KeyPart.Check(name, Keys.KeyPart.MaxSegmentLength) is not Keys.KeyPartError.None)
            return false;
        tenant = Tenant.Named(name);
        if (_known.Count < MaxKnown)
            _known.TryAdd(name, tenant);
        return true;
    }
}
