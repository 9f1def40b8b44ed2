using System.Security.Claims;
using Freshet.Coherence;

namespace Freshet.AspNetCore.Events;

/// <summary>Who is on a connection. Immutable.</summary>
/// <param name="Tenant">Whose log it hears, besides the public one.</param>
/// <param name="User">The user's id; null when nobody is signed in.</param>
/// <param name="Principal">The user as it connected.</param>
/// <param name="Expires">When its token expires; null: never.</param>
/// <param name="Arrival">When it came in, ahead of its authentication.</param>
internal sealed record EventClient(Tenant Tenant, string? User, ClaimsPrincipal Principal, DateTimeOffset? Expires, Arrival Arrival);
