using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Freshet.Resp.Connections;

namespace Freshet.Resp.Addresses;

/// <summary>What both forms of an address are read into.</summary>
internal sealed class AddressParts
{
    public List<(string Host, int? Port)> Servers { get; } = [];

    public string? User { get; set; }

    public string? Password { get; set; }

    public bool IsTls { get; set; }

    public string? TlsName { get; set; }

    public string? TlsAuthority { get; set; }

    public int Database { get; set; }

    public string ClientName { get; set; } = "freshet";

    public TimeSpan? ConnectTimeout { get; set; }

    public TimeSpan? CommandTimeout { get; set; }

    public bool IsCluster { get; set; }

    public string? SentinelService { get; set; }

    public string? SentinelPassword { get; set; }

    public bool ChecksRevocation { get; set; }

    /// <summary>Whether a password was among the settings: what is behind it and makes no sense may be the rest of it.</summary>
    public bool HasPassword { get; private set; }

    /// <summary>Sets what both forms call by the same names.</summary>
    /// <returns>False when there is no such setting.</returns>
    public bool TrySet(string name, string value)
    {
        switch (name.ToUpperInvariant())
        {
            case "USER":
                User = value;
                return true;
            case "PASSWORD":
                Password = value;
                HasPassword = true;
                return true;
            case "NAME" or "CLIENTNAME":
                ClientName = NoSpaces(name, value);
                return true;
            case "DB" or "DEFAULTDATABASE":
                Database = Number(name, value, 0, 65_535);
                return true;
            case "SSL" or "TLS":
                IsTls = Boolean(name, value);
                return true;
            case "SSLHOST" or "TLSNAME":
                TlsName = value;
                return true;
            case "TLSCA":
                TlsAuthority = value;
                return true;
            case "CHECKCERTIFICATEREVOCATION":
                ChecksRevocation = Boolean(name, value);
                return true;
            case "CONNECTTIMEOUT":
                ConnectTimeout = Milliseconds(name, value);
                return true;
            case "TIMEOUT" or "SYNCTIMEOUT" or "ASYNCTIMEOUT":
                CommandTimeout = Milliseconds(name, value);
                return true;
            case "CLUSTER":
                IsCluster = Boolean(name, value);
                return true;
            case "SENTINEL" or "SERVICENAME":
                SentinelService = value;
                return true;
            case "SENTINELPASSWORD":
                SentinelPassword = value;
                HasPassword = true;
                return true;
            default:
                return false;
        }
    }

    public RedisAddress ToAddress()
    {
        if (Servers.Count == 0)
            throw new FormatException("The Redis address names no server; write one such as localhost:6379.");
        if (IsCluster && SentinelService is not null)
            throw new FormatException("The Redis address names both a cluster and a sentinel's service; it can be only one of them.");
        if (IsCluster && Database != 0)
            throw new FormatException("A Redis Cluster has only database 0.");
        if (!string.IsNullOrEmpty(User) && string.IsNullOrEmpty(Password))
            throw new FormatException("The Redis address names a user and no password; a password alone is written redis://:password@host.");
        if (!IsTls && (TlsName ?? TlsAuthority) is not null)
            throw new FormatException("The Redis address has settings for TLS and does not ask for it; write rediss:// or ssl=true.");

        var topology = IsCluster ? RedisTopology.Cluster : SentinelService is not null ? RedisTopology.Sentinel : RedisTopology.Single;
        var settings = new RespConnectionSettings
        {
            User = string.IsNullOrEmpty(User) ? null : User,
            Password = string.IsNullOrEmpty(Password) ? null : Password,
            ClientName = ClientName,
            Database = Database,
            Tls = IsTls ? new RespTls(TlsName, TlsAuthority is null ? null : LoadAuthority(TlsAuthority), ChecksRevocation) : null,
        };
        if (ConnectTimeout is { } connect)
            settings = settings with { ConnectTimeout = connect };
        if (CommandTimeout is { } command)
            settings = settings with { CommandTimeout = command };
        var port = topology is RedisTopology.Sentinel ? RedisAddress.DefaultSentinelPort : RedisAddress.DefaultPort;
        return new RedisAddress
        {
            Servers = [.. Servers.Select(s => new DnsEndPoint(s.Host, s.Port ?? port))],
            Topology = topology,
            SentinelService = SentinelService,
            SentinelPassword = SentinelPassword,
            Connection = settings,
        };
    }

    /// <summary>Adds <c>host</c>, <c>host:port</c>, <c>::1</c>, <c>[::1]</c> or <c>[::1]:port</c>.</summary>
    public void AddServer(string text)
    {
        // Without brackets, more than one colon is an IPv6 address and no port.
        var isIPv6 = text.StartsWith('[') || text.IndexOf(':', StringComparison.Ordinal) != text.LastIndexOf(':');
        var end = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) + 1 : isIPv6 ? -1 : text.IndexOf(':', StringComparison.Ordinal);
        var (host, rest) = end < 0 ? (text, "") : (text[..end], text[end..]);
        if (text.StartsWith('[') && end > 0)
            host = host[1..^1];
        var kind = Uri.CheckHostName(host);
        if (kind is UriHostNameType.Unknown || isIPv6 != kind is UriHostNameType.IPv6 || (rest.Length > 0 && rest[0] != ':'))
            throw new FormatException("The Redis address names a server that is no host name; write one such as localhost:6379.");
        Servers.Add((host, rest.Length > 0 ? Number("port", rest[1..], 1, 65_535) : null));
    }

    /// <summary>What to say of a setting that there is not.</summary>
    public FormatException Unknown(string name) => new(HasPassword
        ? "The Redis address has a setting behind a password which there is not; when it belongs to the password, write the address as redis://:password@host, with ',' as %2C and '&' as %26."
        : $"The Redis address has a setting '{name}', which there is not.");

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{name}' of the Redis address is a number from {least} to {most}."));

    private static TimeSpan Milliseconds(string name, string value) => TimeSpan.FromMilliseconds(Number(name, value, 10, 600_000));

    private static bool Boolean(string name, string value) =>
        bool.TryParse(value, out var flag) ? flag : throw new FormatException($"'{name}' of the Redis address is true or false.");

    // HELLO … SETNAME refuses them, and then nothing would work.
    private static string NoSpaces(string name, string value) => value.Length > 0 && value.All(c => c is > ' ' and <= '~')
        ? value
        : throw new FormatException($"'{name}' of the Redis address has only printable ASCII characters, and no space.");

    private static X509Certificate2 LoadAuthority(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (CryptographicException e)
        {
            throw new FormatException($"'tlsca' of the Redis address names '{path}', which is not a readable certificate.", e);
        }
    }
}
