using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>What a server says of itself when a connection is opened (HELLO).</summary>
/// <param name="Version">Its version, such as 7.0.15.</param>
/// <param name="Role"><c>master</c> or <c>replica</c>.</param>
/// <param name="Mode"><c>standalone</c>, <c>cluster</c> or <c>sentinel</c>.</param>
internal sealed record RespGreeting(string Version, string Role, string Mode)
{
    private const string NoResp3 = "The server does not speak RESP3; Redis 6 or later is needed.";

    public bool IsPrimary => string.Equals(Role, "master", StringComparison.Ordinal);

    public bool IsCluster => string.Equals(Mode, "cluster", StringComparison.Ordinal);

    /// <summary>Signs in, names the connection and agrees on RESP3.</summary>
    /// <exception cref="RespServerException">The user is refused.</exception>
    /// <exception cref="RespConnectionException">The server does not speak RESP3.</exception>
    public static async Task<RespGreeting> ExchangeAsync(RespConnection connection, RespConnectionSettings settings, CancellationToken cancel)
    {
        var greeting = await HelloAsync(connection, settings, cancel).ConfigureAwait(false);
        if (settings.Database != 0)
            (await connection.SendAsync(new RespCommand("SELECT", settings.Database.ToString(System.Globalization.CultureInfo.InvariantCulture)), cancel).ConfigureAwait(false)).Dispose();
        return greeting;
    }

    private static async Task<RespGreeting> HelloAsync(RespConnection connection, RespConnectionSettings settings, CancellationToken cancel)
    {
        try
        {
            using var reply = await connection.SendAsync(new Hello(settings), cancel).ConfigureAwait(false);
            return Parse(reply.Reader);
        }
        catch (RespServerException e) when (e.Code is "NOPROTO" || (e.Code is "ERR" && e.Message.Contains("unknown command", StringComparison.Ordinal)))
        {
            throw new RespConnectionException(NoResp3, mayHaveRun: false, e);
        }
    }

    private static RespGreeting Parse(RespReader reply)
    {
        var (version, role, mode) = ("", "", "");
        var left = reply.ReadAggregate();
        if (reply.Kind is not RespKind.Map)
            throw new RespConnectionException(NoResp3, mayHaveRun: false);
        for (; left >= 2; left -= 2)
        {
            var name = Encoding.UTF8.GetString(reply.ReadBytes());
            reply.Read();
            var value = Encoding.UTF8.GetString(reply.Bytes);
            reply.Skip();
            switch (name)
            {
                case "version":
                    version = value;
                    break;
                case "role":
                    role = value;
                    break;
                case "mode":
                    mode = value;
                    break;
            }
        }

        return new RespGreeting(version, role, mode);
    }

    private readonly struct Hello(RespConnectionSettings settings) : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(settings.Password is null ? 4 : 7);
            writer.Add("HELLO");
            writer.Add(3);
            if (settings.Password is { } password)
            {
                writer.Add("AUTH");
                writer.Add(settings.User ?? "default");
                writer.Add(password);
            }

            writer.Add("SETNAME");
            writer.Add(settings.ClientName);
        }
    }
}
