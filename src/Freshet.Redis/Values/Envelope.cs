using Freshet.Loading;

namespace Freshet.Redis.Values;

/// <summary>An entry as it lies in Redis, but for its value: where it was made, from what, and for how long. Immutable.</summary>
/// <param name="Form">How the value is written.</param>
/// <param name="Fences">The position in each log that it was made from, its own tenant's first (C1).</param>
/// <param name="Ticket">Orders the loads of one fence (C11).</param>
/// <param name="Lifetime">How long it is fresh, from its load on.</param>
/// <param name="StaleFor">How long after that it may be served stale by age.</param>
/// <param name="Dependencies">What it was made from.</param>
internal sealed record Envelope(
    ValueForm Form, EntryFence[] Fences, long Ticket, TimeSpan Lifetime, TimeSpan StaleFor, EntryDependency[] Dependencies);

/// <summary>A fence in one log.</summary>
internal readonly record struct EntryFence(Tenant Tenant, Position Position);
