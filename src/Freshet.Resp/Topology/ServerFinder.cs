using System.Net;
using System.Text;
using Freshet.Resp.Addresses;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>Finds the server that leads now, and connects to it. Safe for concurrent use.</summary>
internal sealed class ServerFinder(RedisAddress address, TimeProvider time)
{
    /// <summary>Connects to the primary.</summary>
    /// <exception cref="RespException">None of the servers that the address names leads, or knows who does; of several reasons the last.</exception>
    public async Task<RespConnection> ConnectAsync(IPushSink? pushes, CancellationToken cancel)
    {
        Exception? last = null;
        foreach (var server in address.Servers)
        {
            try
            {
                var primary = address.Topology is RedisTopology.Sentinel ? await AskSentinelAsync(server, cancel).ConfigureAwait(false) : server;
                return await ConnectToAsync(primary, pushes, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RespException or RespProtocolException)
            {
                last = e;
            }
        }

        throw last!;
    }

    /// <summary>Connects to that server, which must lead.</summary>
    public async Task<RespConnection> ConnectToAsync(DnsEndPoint server, IPushSink? pushes, CancellationToken cancel)
    {
        var connection = await RespConnection.ConnectAsync(server, address.Connection, pushes, time, cancel).ConfigureAwait(false);
        if (Objection(connection.Greeting) is not { } objection)
            return connection;
        await connection.DisposeAsync().ConfigureAwait(false);
        throw new RespConnectionException($"{server.Host}:{server.Port} {objection}", mayHaveRun: false);
    }

    // A replica answers reads from the past, and a sentinel may name one that has just been demoted.
    private string? Objection(RespGreeting greeting) =>
        !greeting.IsPrimary ? "is a replica; Freshet needs the primary."
        : greeting.IsCluster && address.Topology is not RedisTopology.Cluster ? "is a node of a Redis Cluster; add cluster=true to its address."
        : !greeting.IsCluster && address.Topology is RedisTopology.Cluster ? "is no node of a Redis Cluster; take cluster=true out of its address."
        : null;

    private async Task<DnsEndPoint> AskSentinelAsync(DnsEndPoint sentinel, CancellationToken cancel)
    {
        // Sentinels know other users and passwords than the servers that they watch.
        var settings = address.Connection with { User = null, Password = address.SentinelPassword, Database = 0 };
        await using var connection = await RespConnection.ConnectAsync(sentinel, settings, null, time, cancel).ConfigureAwait(false);
        using var reply = await connection.SendAsync(new RespCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.SentinelService!), cancel).ConfigureAwait(false);
        return Read(reply.Reader) ?? throw new RespConnectionException(
            $"The sentinel {sentinel.Host}:{sentinel.Port} knows no service '{address.SentinelService}'.", mayHaveRun: false);
    }

    private static DnsEndPoint? Read(RespReader reply)
    {
        if (!reply.Read() || reply.IsNull || reply.Count != 2)
            return null;
        var host = Encoding.UTF8.GetString(reply.ReadBytes());
        return reply.ReadInt64() is > 0 and <= 65_535 and var port && host.Length > 0 ? new DnsEndPoint(host, (int)port) : null;
    }
}
