using System.Globalization;
using System.Text;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A real cluster, shared by the tests of a class; each leaves it whole, but with who leads and who holds what changed.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private RedisCluster _cluster = null!;

    public IReadOnlyList<RedisServer> Nodes => _cluster.Nodes;

    // A slot that nobody holds takes no other with it.
    public async ValueTask InitializeAsync() =>
        _cluster = await RedisCluster.StartAsync(2000, "--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    internal static int SlotOf(string key) => HashSlot.Of(Encoding.UTF8.GetBytes(key));

    /// <summary>Who leads with which slots, as a node tells.</summary>
    internal async Task<RedisServer> PrimaryOfAsync(int slot)
    {
        var lines = (await Nodes[0].CliAsync("CLUSTER", "SLOTS")).Split('\n');
        // first, last, host, port, id, and so on for each replica
        for (var i = 0; i + 3 < lines.Length; i++)
        {
            if (Number(lines[i]) is { } first && Number(lines[i + 1]) is { } last && lines[i + 2] == "127.0.0.1" && slot >= first && slot <= last)
                return Nodes.Single(n => n.Port == Number(lines[i + 3]));
        }

        throw new InvalidOperationException($"Nobody holds slot {slot}.");
    }

    internal async Task<RedisServer> ReplicaOfAsync(RedisServer primary)
    {
        var line = (await primary.CliAsync("CLUSTER", "REPLICAS", await IdAsync(primary))).Split('\n')[0];
        return Nodes.Single(n => line.Contains(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{n.Port}@"), StringComparison.Ordinal));
    }

    /// <summary>Some other primary.</summary>
    internal async Task<RedisServer> OtherAsync(RedisServer primary)
    {
        foreach (var slot in (int[])[0, 8000, 16_383])
        {
            if (await PrimaryOfAsync(slot) is var other && other != primary)
                return other;
        }

        throw new InvalidOperationException("One holds all.");
    }

    internal static Task<string> IdAsync(RedisServer node) => node.CliAsync("CLUSTER", "MYID");

    internal static async Task BeginMoveAsync(int slot, RedisServer from, RedisServer to)
    {
        await to.CliAsync("CLUSTER", "SETSLOT", $"{slot}", "IMPORTING", await IdAsync(from));
        await from.CliAsync("CLUSTER", "SETSLOT", $"{slot}", "MIGRATING", await IdAsync(to));
    }

    internal static Task MoveKeysAsync(RedisServer from, RedisServer to, params string[] keys) =>
        from.CliAsync(["MIGRATE", "127.0.0.1", $"{to.Port}", "", "0", "10000", "KEYS", .. keys]);

    /// <summary>Moves the keys that are left, and the slot.</summary>
    internal static async Task EndMoveAsync(int slot, RedisServer from, RedisServer to)
    {
        while (await from.CliAsync("CLUSTER", "GETKEYSINSLOT", $"{slot}", "100") is { Length: > 0 } keys)
            await MoveKeysAsync(from, to, keys.Split('\n'));
        await to.CliAsync("CLUSTER", "SETSLOT", $"{slot}", "NODE", await IdAsync(to));
        await from.CliAsync("CLUSTER", "SETSLOT", $"{slot}", "NODE", await IdAsync(to));
    }

    /// <summary>A client whose map is whole, and which is connected to all three primaries.</summary>
    internal async Task<RespClient> ConnectAsync(ShardNotes user)
    {
        var client = RespClient.Create(RedisAddress.Parse(_cluster.Address), user, TimeProvider.System);
        for (var i = 0; i < 3; i++)
            await user.UpAsync();
        return client;
    }

    private static int? Number(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Commands as the tests write them.</summary>
internal static class ClientExtensions
{
    /// <summary>Sends a command to the slot of its first key; the reply as text.</summary>
    public static Task<string> AskAsync(this RespClient client, params string[] parts) =>
        ScriptedPeer.TextAsync(client.SendAsync(ClusterFixture.SlotOf(parts.Length > 1 ? parts[1] : ""), new RespCommand(parts)));
}
