using System.Globalization;
using Freshet.Redis.Keys;
using Freshet.Resp.Topology;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Testing;

/// <summary>A cluster for the tests of a class. What one of them kills or moves, it puts back.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private static readonly PhysicalKeys Keys = new("freshet", new byte[32]);

    public RedisCluster Cluster { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Cluster = await RedisCluster.StartAsync(nodeTimeout: 1000, "--cluster-require-full-coverage", "no");

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    internal static int SlotOf(Tenant tenant) => HashSlot.Of(Keys.Log(Keys.NameOf(tenant)));

    /// <summary>A tenant whose log belongs to that one of the three primaries that were started.</summary>
    internal static Tenant TenantAt(int primary, string prefix = "t")
    {
        for (var i = 0; ; i++)
        {
            var tenant = Tenant.Named(string.Create(CultureInfo.InvariantCulture, $"{prefix}{i}"));
            if (SlotOf(tenant) / 5461 == primary)
                return tenant;
        }
    }

    /// <summary>Who owns a slot, as one of the others sees it.</summary>
    internal async Task<RedisServer> OwnerOfAsync(int slot)
    {
        foreach (var node in Cluster.Nodes)
        {
            // <id> 127.0.0.1:<port>@<bus> myself,master - 0 0 1 connected 0-5460 [slot->-id]
            foreach (var line in (await node.CliAsync("CLUSTER", "NODES")).Split('\n'))
            {
                var parts = line.Split(' ');
                if (parts[2].Contains("myself,master", StringComparison.Ordinal) && parts.Skip(8).Any(range => Holds(range, slot)))
                    return node;
            }
        }

        throw new InvalidOperationException("Nobody owns the slot.");
    }

    private static bool Holds(string range, int slot)
    {
        var ends = range.Split('-');
        return int.TryParse(ends[0], CultureInfo.InvariantCulture, out var first) && int.TryParse(ends[^1], CultureInfo.InvariantCulture, out var last)
            && first <= slot && slot <= last;
    }
}
