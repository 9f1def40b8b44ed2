namespace Freshet.Resp.Addresses;

/// <summary>
/// <c>redis://[user[:password]@]host[:port][,host[:port]…][/database][?setting=value&amp;…]</c>; <c>rediss://</c> for TLS. User and password
/// are percent-encoded (RFC 3986 §3.2.1); a password alone is written <c>redis://:password@host</c>.
/// </summary>
internal static class UriForm
{
    public static AddressParts Read(string text)
    {
        var colon = text.IndexOf("://", StringComparison.Ordinal);
        var scheme = text[..colon].ToUpperInvariant();
        if (scheme is not ("REDIS" or "REDISS"))
            throw new FormatException("A Redis address begins with redis://, or with rediss:// for TLS.");

        var parts = new AddressParts { IsTls = scheme is "REDISS" };
        var rest = text[(colon + 3)..];
        if (rest.Contains('#', StringComparison.Ordinal))
            throw new FormatException("The Redis address has a '#'; in a password write it %23.");

        var query = rest.IndexOf('?', StringComparison.Ordinal);
        if (query >= 0)
        {
            if (rest.LastIndexOf('@') > query)
                throw new FormatException("The Redis address has an '@' behind its '?'; in a password write '?' as %3F, in a setting '@' as %40.");
            ReadSettings(parts, rest[(query + 1)..]);
            rest = rest[..query];
        }

        var at = rest.LastIndexOf('@');
        if (at >= 0)
        {
            ReadUser(parts, rest[..at]);
            rest = rest[(at + 1)..];
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0)
        {
            var database = rest[(slash + 1)..].TrimEnd('/');
            if (database.Length > 0)
                parts.TrySet("db", database);
            rest = rest[..slash];
        }

        foreach (var server in rest.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            parts.AddServer(server);
        return parts;
    }

    private static void ReadUser(AddressParts parts, string text)
    {
        if (text.Contains('/', StringComparison.Ordinal))
            throw new FormatException("The Redis address has a '/' before its '@'; in a password write it %2F.");
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        parts.User = Decode(colon < 0 ? text : text[..colon]);
        parts.Password = colon < 0 ? null : Decode(text[(colon + 1)..]);
    }

    private static void ReadSettings(AddressParts parts, string text)
    {
        foreach (var setting in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? setting : setting[..equals];
            var value = equals < 0 ? "" : Decode(setting[(equals + 1)..]);
            if (!parts.TrySet(name, value))
                throw parts.Unknown(name);
        }
    }

    // Strictly: what was not encoded would be taken for something else as soon as it happens to look like it.
    private static string Decode(string text)
    {
        for (var at = text.IndexOf('%', StringComparison.Ordinal); at >= 0; at = text.IndexOf('%', at + 1))
        {
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
                throw new FormatException("The Redis address has a '%' without two hexadecimal digits behind it; write it %25.");
        }

        return Uri.UnescapeDataString(text);
    }
}
