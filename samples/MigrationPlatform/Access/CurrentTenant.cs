namespace MigrationPlatform.Access;

/// <summary>
/// The tenant this scope works for: the one of the signed-in user, or the one a job entered. There is no default: code that
/// runs for no tenant fails rather than reading or writing somebody's rows.
/// </summary>
internal sealed class CurrentTenant(IHttpContextAccessor http)
{
    private string? _entered;

    public string Id =>
        _entered ?? http.HttpContext?.User.TenantId() ?? throw new InvalidOperationException("No tenant: sign in, or enter one.");

    public void Enter(string tenant) => _entered = tenant;
}
