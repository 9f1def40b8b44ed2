using Freshet.Storage;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// The keys under which positions and names of groups are signed (C10): this node signs with one, and reads those of nodes that sign with another
/// one while the key is being replaced. Immutable.
/// </summary>
internal sealed class SessionKeys
{
    private const int LeastBytes = 16;

    /// <exception cref="OptionsValidationException">A key is too short, or is there twice.</exception>
    public SessionKeys(FreshetHttpOptions options)
    {
        (Own, Accepted) = (options.SessionKey, [.. options.AcceptedSessionKeys]);
        All = [Own, .. Accepted];
        if (Own.Length < LeastBytes)
            throw Invalid("SessionKey needs at least 16 bytes.");
        if (Accepted.Any(k => k is not { Length: >= LeastBytes }))
            throw Invalid("Each of AcceptedSessionKeys needs at least 16 bytes.");
        if (All.DistinctBy(Convert.ToHexString, StringComparer.Ordinal).Count() < All.Length)
            throw Invalid("AcceptedSessionKeys names a key twice, or SessionKey itself: name only the other key of the replacement.");
    }

    private SessionKeys(byte[] own) => (Own, Accepted, All) = (own, [], [own]);

    /// <summary>Signs.</summary>
    public byte[] Own { get; }

    /// <summary>The keys of other nodes.</summary>
    public byte[][] Accepted { get; }

    /// <summary>The own key, then the others.</summary>
    public byte[][] All { get; }

    public static implicit operator SessionKeys(byte[] key) => new(key);

    /// <summary>The setting in which nodes must agree: a position that a node cannot read is overlooked there.</summary>
    public AgreedSetting ToSetting() => new(
        "SessionKey", NodeSecret.FingerprintOf(Own), [.. Accepted.Select(k => NodeSecret.FingerprintOf(k))],
        "Give all nodes the same SessionKey, in AddFreshet().Http(…), or none.");

    private static OptionsValidationException Invalid(string message) => new(nameof(FreshetHttpOptions), typeof(FreshetHttpOptions), [message]);
}
