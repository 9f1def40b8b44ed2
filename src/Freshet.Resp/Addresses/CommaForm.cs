namespace Freshet.Resp.Addresses;

/// <summary>
/// <c>host:port,host:port,password=…,ssl=true,…</c>, as StackExchange.Redis has it. Its settings that mean nothing here are passed
/// over, those that it does not have are an error.
/// </summary>
internal static class CommaForm
{
    // How StackExchange.Redis connects, retries, names what it publishes, or which commands it believes in: Freshet has its own ways.
    private static readonly HashSet<string> WithoutMeaning = new(StringComparer.OrdinalIgnoreCase)
    {
        "abortConnect", "allowAdmin", "asyncTimeout", "channelPrefix", "checkCertificateRevocation", "configChannel", "configCheckSeconds",
        "connectRetry", "heartbeatInterval", "highIntegrity", "keepAlive", "protocol", "proxy", "resolveDns", "responseTimeout",
        "setlib", "sslProtocols", "tieBreaker", "version", "writeBuffer", "tunnel", "defaultVersion",
    };

    public static AddressParts Read(string text)
    {
        var parts = new AddressParts();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                parts.AddServer(part);
            else if (!parts.TrySet(part[..equals].Trim(), part[(equals + 1)..].Trim()) && !WithoutMeaning.Contains(part[..equals].Trim()))
                throw new FormatException($"The Redis address has a setting '{part[..equals].Trim()}', which there is not.");
        }

        return parts;
    }
}
