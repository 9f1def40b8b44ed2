namespace Freshet.Storage;

/// <summary>One setting in which all nodes that share logs must agree. A node that lacks the setting agrees with every value. Immutable.</summary>
/// <param name="Name">Its name in the configuration or in code; no spaces, commas or <c>=</c>.</param>
/// <param name="Value">The value of this node: letters, digits, <c>-</c> and <c>_</c>; of a secret its fingerprint.</param>
/// <param name="Accepted">Values of other nodes that this node works with as well.</param>
/// <param name="Fix">What to change where nodes differ: one sentence.</param>
internal sealed record AgreedSetting(string Name, string Value, IReadOnlyList<string> Accepted, string Fix);
