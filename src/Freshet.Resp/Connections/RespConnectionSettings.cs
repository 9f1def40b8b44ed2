using System.Security.Cryptography.X509Certificates;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>How to reach one server, and what to expect of it. Immutable.</summary>
internal sealed record RespConnectionSettings
{
    /// <summary>Name of the ACL user; null for the server's default user.</summary>
    public string? User { get; init; }

    /// <summary>Never logged, and in no exception.</summary>
    public string? Password { get; init; }

    /// <summary>What the server shows in CLIENT LIST; no spaces.</summary>
    public string ClientName { get; init; } = "freshet";

    /// <summary>The database; only 0 exists in a cluster.</summary>
    public int Database { get; init; }

    /// <summary>Null for none.</summary>
    public RespTls? Tls { get; init; }

    /// <summary>For name resolution, TCP, TLS and the greeting together; 5 s unless told.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one command, from being put in line; 1 s unless told.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Most commands that wait for their replies on one connection; more wait to be let in.</summary>
    public int MaxInLine { get; init; } = 16_384;

    /// <summary>Most bytes that wait to be sent on one connection.</summary>
    public int MaxUnsentBytes { get; init; } = 16 << 20;

    public RespLimits Limits { get; init; } = RespLimits.Default;

    /// <inheritdoc/>
    public override string ToString() => $"RESP connection of {ClientName}";
}

/// <summary>TLS: always verified, by name and chain.</summary>
/// <param name="Name">The name that the certificate must show; null: the host that is connected to.</param>
/// <param name="Authority">The only authority that is trusted; null: the system's.</param>
/// <param name="ChecksRevocation">Whether a certificate is refused that is revoked, or of which that cannot be found out.</param>
internal sealed record RespTls(string? Name = null, X509Certificate2? Authority = null, bool ChecksRevocation = false);
