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
        _cluster = await RedisCluster.StartAsync(3000, "--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no");

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    internal static int SlotOf(string key) => HashSlot.Of(Encoding.UTF8.GetBytes(key));

    internal async Task<RedisServer> PrimaryOfAsync(int slot)
    {
        var port = Ranges(await Nodes[0].CliAsync("CLUSTER", "SLOTS")).Single(range => slot >= range.First && slot <= range.Last).Primary;
        return Nodes.Single(n => n.Port == port);
    }

    internal async Task<RedisServer> ReplicaOfAsync(RedisServer primary)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            // One that has just come back, or has just changed sides, says so in time.
            var lines = await primary.CliAsync("CLUSTER", "REPLICAS", await IdAsync(primary));
            if (Nodes.FirstOrDefault(n => lines.Contains(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{n.Port}@"), StringComparison.Ordinal)) is { } replica)
                return replica;
        }
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
        await SetSlotAsync(to, slot, "IMPORTING", from);
        await SetSlotAsync(from, slot, "MIGRATING", to);
    }

    internal static async Task MoveKeysAsync(RedisServer from, RedisServer to, params string[] keys) =>
        Assert.Equal("OK", await from.CliAsync(["MIGRATE", "127.0.0.1", $"{to.Port}", "", "0", "10000", "KEYS", .. keys]));

    internal static async Task SetSlotAsync(RedisServer node, int slot, string how, RedisServer other) =>
        Assert.Equal("OK", await node.CliAsync("CLUSTER", "SETSLOT", $"{slot}", how, await IdAsync(other)));

    /// <summary>Moves the keys that are left, and the slot.</summary>
    internal static async Task EndMoveAsync(int slot, RedisServer from, RedisServer to)
    {
        while (await from.CliAsync("CLUSTER", "GETKEYSINSLOT", $"{slot}", "100") is { Length: > 0 } keys)
            await MoveKeysAsync(from, to, keys.Split('\n'));
        await SetSlotAsync(to, slot, "NODE", to);
        await SetSlotAsync(from, slot, "NODE", to);
    }

    /// <summary>A client whose map is whole, and which is connected to all three primaries.</summary>
    internal async Task<RespClient> ConnectAsync(ShardNotes user)
    {
        await SettledAsync();
        var client = RespClient.Create(RedisAddress.Parse(_cluster.Address), user, TimeProvider.System);
        for (var i = 0; i < 3; i++)
            await user.UpAsync();
        return client;
    }

    // What an earlier test has changed, each node hears in time: until all say the same, of all slots.
    private async Task SettledAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            limit.Token.ThrowIfCancellationRequested();
            var told = await Task.WhenAll(Nodes.Select(async n => Ranges(await n.CliAsync("CLUSTER", "SLOTS"))));
            if (told[0].Sum(r => r.Last - r.First + 1) == HashSlot.Count && told.All(ranges => ranges.SequenceEqual(told[0])))
                return;
        }
    }

    // Lines, in this order: first, last, host and port of the primary, its id, and so on for each replica.
    private static List<(int First, int Last, int Primary)> Ranges(string slots)
    {
        var (lines, ranges) = (slots.Split('\n'), new List<(int, int, int)>());
        for (var i = 0; i + 3 < lines.Length; i++)
        {
            if (Number(lines[i]) is { } first && Number(lines[i + 1]) is { } last && lines[i + 2] == "127.0.0.1" && Number(lines[i + 3]) is { } port)
                ranges.Add((first, last, port));
        }

        return ranges;
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
