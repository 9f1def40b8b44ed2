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
        "abortConnect", "allowAdmin", "channelPrefix", "configChannel", "configCheckSeconds", "connectRetry", "defaultVersion",
        "heartbeatConsistencyChecks", "heartbeatInterval", "highIntegrity", "highPriorityThreads", "keepAlive", "preserveAsyncOrder",
        "protocol", "proxy", "resolveDns", "responseTimeout", "setlib", "sslProtocols", "tcpKeepAlive", "tieBreaker", "tunnel", "version",
        "writeBuffer",
    };

    public static AddressParts Read(string text)
    {
        var parts = new AddressParts();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                if (parts.HasPassword)
                    throw new FormatException("The Redis address has a server behind a password; when it belongs to the password, write the address as redis://:password@host, with ',' as %2C.");
                parts.AddServer(part);
                continue;
            }

            var name = part[..equals].Trim();
            if (!parts.TrySet(name, part[(equals + 1)..].Trim()) && !WithoutMeaning.Contains(name))
                throw parts.Unknown(name);
        }

        return parts;
    }
}
