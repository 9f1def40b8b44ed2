namespace Freshet.Redis.Agreements;

/// <summary>A setting in which this node differs from another one that is alive.</summary>
/// <param name="Setting">Its name.</param>
/// <param name="Fix">What to change: one sentence.</param>
internal sealed record Disagreement(string Setting, string Fix);
