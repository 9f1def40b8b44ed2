using System.Buffers.Binary;
using System.Buffers.Text;

namespace Traffic.Measuring;

/// <summary>
/// How long after a write was acknowledged each other client of the tenant was told of it: the first event that covers the write's
/// offset in the tenant's log. Safe for concurrent use.
/// </summary>
internal sealed class EventDelays(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<(int Client, string Tenant, int Node, long Offset, long At)> _acknowledged = [];
    private readonly Dictionary<int, (string Tenant, List<(long Offset, int Node, long At)> Heard)> _clients = [];

    /// <summary>The client got the answer to a write.</summary>
    /// <param name="client">Its number.</param>
    /// <param name="tenant">Whose log it is.</param>
    /// <param name="position">The write's position.</param>
    /// <param name="node">The node that wrote.</param>
    public void Acknowledged(int client, string tenant, string position, int node)
    {
        if (OwnOffset(position) is not { } offset) return;
        lock (_lock) _acknowledged.Add((client, tenant, node, offset, time.GetTimestamp()));
    }

    /// <summary>The client was told of everything up to a position, by a node.</summary>
    public void Heard(int client, string tenant, string position, int node)
    {
        if (OwnOffset(position) is not { } offset) return;
        lock (_lock)
        {
            if (!_clients.TryGetValue(client, out var one)) _clients[client] = one = (tenant, []);
            one.Heard.Add((offset, node, time.GetTimestamp()));
        }
    }

    /// <summary>The delays; a client that was told before the writer was counts as none. What nobody was told of yet is left out.</summary>
    /// <param name="onOtherNode">Only those of clients that another node told than the one that wrote.</param>
    public Histogram Measure(bool onOtherNode = false)
    {
        var delays = new Histogram();
        lock (_lock)
        {
            foreach (var (writer, tenant, node, offset, at) in _acknowledged)
            {
                foreach (var (client, (own, heard)) in _clients)
                {
                    if (client == writer || own != tenant) continue;
                    var told = heard.FindIndex(h => h.Offset >= offset);
                    if (told >= 0 && (!onOtherNode || heard[told].Node != node)) delays.Record(heard[told].At > at ? time.GetElapsedTime(at, heard[told].At) : TimeSpan.Zero);
                }
            }
        }

        return delays;
    }

    public void Forget()
    {
        lock (_lock) _acknowledged.Clear();
    }

    // docs/protocols/events.md, E1: log and offset of a token may be read.
    private static long? OwnOffset(string position)
    {
        var token = new byte[42];
        foreach (var text in position.Split('.'))
        {
            if (text.Length == 56 && Base64Url.TryDecodeFromChars(text, token, out _) && token[1] == 0)
                return BinaryPrimitives.ReadInt64LittleEndian(token.AsSpan(18));
        }

        return null;
    }
}
