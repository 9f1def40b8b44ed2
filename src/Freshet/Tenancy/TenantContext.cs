namespace Freshet;

/// <summary>
/// Whose data the code that runs here works on. Ambient: it follows the flow of control into everything that is awaited.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// An application without tenants always is <see cref="Tenant.Default"/>. One that declares tenants fails closed: where
/// none has been entered, <see cref="Current"/> throws.
/// </remarks>
public sealed class TenantContext
{
    private readonly AsyncLocal<Tenant> _current = new();

    /// <summary>Whether the application declared tenants, so that there is no implicit one.</summary>
    public bool IsRequired { get; internal set; }

    /// <summary>The tenant that was entered last.</summary>
    /// <exception cref="InvalidOperationException">The application declares tenants and none has been entered.</exception>
    public Tenant Current => TryGet(out var tenant)
        ? tenant
        : throw new InvalidOperationException(
            "No tenant is set here. In a request it comes from the resolver given to Tenants(…), after authentication; in a job, enter it: using (tenants.Enter(\"name\")).");

    /// <summary>Works for that tenant until the result is disposed.</summary>
    /// <param name="name">1 to 512 well-formed characters; compared ordinally.</param>
    /// <exception cref="ArgumentException">The name is empty, too long or not well-formed.</exception>
    public IDisposable Enter(string name) => Enter(Tenant.Named(name));

    /// <summary>Works for that tenant until the result is disposed.</summary>
    public IDisposable Enter(Tenant tenant)
    {
        if (!tenant.IsValid)
            throw new ArgumentException("No tenant is set.", nameof(tenant));
        var previous = _current.Value;
        _current.Value = tenant;
        return new Leaving(this, previous);
    }

    internal bool TryGet(out Tenant tenant)
    {
        tenant = _current.Value;
        if (tenant.IsValid)
            return true;
        if (IsRequired)
            return false;
        tenant = Tenant.Default;
        return true;
    }

    private sealed class Leaving(TenantContext context, Tenant previous) : IDisposable
    {
        public void Dispose() => context._current.Value = previous;
    }
}
