using System.Collections.Immutable;
using System.Net;
using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>Which primary holds which slot of a cluster, as one of its nodes has told. Immutable.</summary>
internal sealed class ClusterMap
{
    private readonly short[] _bySlot; // index of the primary; -1: nobody's

    private ClusterMap(ImmutableArray<DnsEndPoint> primaries, short[] bySlot)
    {
        Primaries = primaries;
        _bySlot = bySlot;
    }

    public ImmutableArray<DnsEndPoint> Primaries { get; }

    /// <summary>Whether each slot has a primary.</summary>
    public bool IsWhole => !_bySlot.Contains((short)-1);

    /// <summary>The primary of a slot; null when nobody has it.</summary>
    public DnsEndPoint? PrimaryOf(int slot) => _bySlot[slot] is >= 0 and var index ? Primaries[index] : null;

    /// <summary>The same, with a slot that a redirection (MOVED) has found elsewhere.</summary>
    public ClusterMap With(int slot, DnsEndPoint primary)
    {
        var index = Primaries.IndexOf(primary);
        var primaries = index < 0 ? Primaries.Add(primary) : Primaries;
        var bySlot = (short[])_bySlot.Clone();
        bySlot[slot] = (short)(index < 0 ? primaries.Length - 1 : index);
        return new ClusterMap(primaries, bySlot);
    }

    /// <summary>Reads the reply to CLUSTER SLOTS, which every version of Redis and Valkey gives.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="asked">Who was asked: a node that does not know its own address names none.</param>
    /// <exception cref="RespProtocolException">It is no such reply.</exception>
    public static ClusterMap Read(RespReader reply, DnsEndPoint asked)
    {
        var primaries = new List<DnsEndPoint>();
        var bySlot = new short[HashSlot.Count];
        Array.Fill(bySlot, (short)-1);
        for (var ranges = reply.ReadAggregate(); ranges > 0; ranges--)
        {
            var parts = reply.ReadAggregate();
            var (first, last) = (reply.ReadInt64(), reply.ReadInt64());
            if (parts < 3 || first < 0 || last < first || last >= HashSlot.Count)
                throw new RespProtocolException("The server described a cluster that cannot be.");
            var primary = ReadServer(ref reply, asked);
            var index = primaries.IndexOf(primary);
            if (index < 0)
            {
                index = primaries.Count;
                primaries.Add(primary);
            }

            Array.Fill(bySlot, (short)index, (int)first, (int)(last - first + 1));
            for (var replicas = parts - 3; replicas > 0; replicas--)
            {
                reply.ReadAggregate();
                reply.Skip();
            }
        }

        return new ClusterMap([.. primaries], bySlot);
    }

    /// <summary>Reads <c>MOVED 3999 host:port</c> and <c>ASK 3999 host:port</c>.</summary>
    /// <returns>Null when it is neither.</returns>
    public static (int Slot, DnsEndPoint Server)? ReadRedirection(string message, DnsEndPoint asked)
    {
        var parts = message.Split(' ');
        if (parts.Length < 3 || !int.TryParse(parts[^2], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var slot)
            || slot >= HashSlot.Count)
        {
            return null;
        }

        // The last colon: an IPv6 address has others. No host means: the one that was asked.
        var colon = parts[^1].LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(parts[^1].AsSpan(colon + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port) || port == 0)
            return null;
        var host = parts[^1][..colon];
        return (slot, new DnsEndPoint(host is "" or "?" ? asked.Host : host, port));
    }

    private static DnsEndPoint ReadServer(ref RespReader reply, DnsEndPoint asked)
    {
        var parts = reply.ReadAggregate();
        var host = Encoding.UTF8.GetString(reply.ReadBytes());
        var port = reply.ReadInt64();
        if (parts < 2 || port is < 1 or > 65_535)
            throw new RespProtocolException("The server described a cluster that cannot be.");
        string? address = null;
        for (var rest = parts - 2; rest > 0; rest--)
        {
            reply.Read();
            // The fourth part says more, as a map or as a list of names and values.
            for (var left = reply.Count; left > 0; left--)
            {
                reply.Read();
                var isAddress = left >= 2 && reply.Bytes.SequenceEqual("ip"u8);
                reply.Skip();
                if (!isAddress)
                    continue;
                address = Encoding.UTF8.GetString(reply.ReadBytes());
                left--;
            }
        }

        // "?" where a node was told to prefer a host name and has none; nothing where it is to keep its name to itself.
        if (host is "?")
            host = address ?? "";
        return new DnsEndPoint(host.Length == 0 ? asked.Host : host, (int)port);
    }
}
