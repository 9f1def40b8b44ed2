using System.Net;
using Freshet.Resp.Connections;

namespace Freshet.Resp.Addresses;

/// <summary>How the servers that are named belong together.</summary>
internal enum RedisTopology : byte
{
    /// <summary>One server; of several names the first that answers as a primary.</summary>
    Single,

    /// <summary>The names are of sentinels, which know the primary.</summary>
    Sentinel,

    /// <summary>The names are of some nodes of a cluster.</summary>
    Cluster,
}

/// <summary>
/// Where Redis is, as people write it: <c>redis://user:password@host:6379/0</c> (<c>rediss://</c> for TLS), or the comma form that
/// users of StackExchange.Redis have, <c>host:6379,password=…,ssl=true</c>. Immutable.
/// </summary>
internal sealed record RedisAddress
{
    public const int DefaultPort = 6379;
    public const int DefaultSentinelPort = 26379;

    public required IReadOnlyList<DnsEndPoint> Servers { get; init; }

    public RedisTopology Topology { get; init; }

    /// <summary>The name by which the sentinels know the primary.</summary>
    public string? SentinelService { get; init; }

    /// <summary>What is said to sentinels, which often have a password of their own; null: nothing.</summary>
    public string? SentinelPassword { get; init; }

    public required RespConnectionSettings Connection { get; init; }

    /// <summary>Reads either form.</summary>
    /// <param name="text">The address.</param>
    /// <exception cref="FormatException">It is none. The message names what to change, and never repeats a password.</exception>
    public static RedisAddress Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Contains("://", StringComparison.Ordinal) ? UriForm.Read(text) : CommaForm.Read(text);
        return parts.ToAddress();
    }

    /// <summary>Where, without who: fit for logs.</summary>
    public override string ToString() => string.Join(',', Servers.Select(s => $"{s.Host}:{s.Port}"));
}
