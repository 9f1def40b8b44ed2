namespace Freshet;

/// <summary>One tag that a change would touch, and why.</summary>
/// <param name="Tenant">In whose log.</param>
/// <param name="Tag">The tag.</param>
/// <param name="Rule">The rule of the entity model that says so.</param>
public sealed record TouchExplanation(Tenant Tenant, Tag Tag, string Rule);
