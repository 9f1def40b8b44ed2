namespace Traffic.Scripts;

/// <summary>Somebody who can sign in.</summary>
internal sealed record Account(string Login, string Tenant, string Id, string Role)
{
    public bool IsAdmin => Role == "admin";
    public bool MayWrite => Role is "admin" or "editor";
}

/// <summary>What the script may open in one tenant: names and ids, read from the platform before the run.</summary>
internal sealed record TenantWorld(
    string Tenant,
    IReadOnlyList<Account> Accounts,
    IReadOnlyList<EngagementWorld> Engagements,
    IReadOnlyList<ImportWorld> Imports);

internal sealed record EngagementWorld(string Id, IReadOnlyList<string> Assets);

internal sealed record ImportWorld(string Id, string EngagementId, IReadOnlyList<string> Mappings);
