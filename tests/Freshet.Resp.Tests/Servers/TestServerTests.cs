using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Servers;

/// <summary>The servers that the other tests stand on.</summary>
public sealed class TestServerTests
{
    [Fact]
    public async Task Server_IsKilled_Restarted_AndKeepsOnlyWhatItSaved()
    {
        await using var server = await RedisServer.StartAsync();
        Assert.Equal("OK", await server.CliAsync("SET", "saved", "1"));
        Assert.Equal("OK", await server.CliAsync("SAVE"));
        Assert.Equal("OK", await server.CliAsync("SET", "lost", "1"));
        await server.KillAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.CliAsync("PING"));
        await server.RestartAsync();
        Assert.Equal(["1", ""], [await server.CliAsync("GET", "saved"), await server.CliAsync("GET", "lost")]);
    }

    [Fact]
    public async Task ServerThatCannotStart_SaysWhy()
    {
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => RedisServer.StartAsync("--no-such-setting", "1"));
        Assert.Contains("no-such-setting", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_Follows()
    {
        await using var replicas = await RedisReplicas.StartAsync();
        await using var connection = await RespConnection.ConnectAsync(replicas.Primary.EndPoint, new RespConnectionSettings(), null, TimeProvider.System, default);
        (await connection.SendAsync(new RespCommand("SET", "k", "v"))).Dispose();
        using var copies = await connection.SendAsync(new RespCommand("WAIT", "1", "0"));
        Assert.Equal(1, copies.Reader.ReadInt64());
        Assert.Equal("v", await replicas.Replica.CliAsync("GET", "k"));
        Assert.Equal(replicas.Primary.Address, replicas.Address);
    }

    [Fact]
    public async Task Sentinels_MakeTheReplicaThePrimary()
    {
        await using var replicas = await RedisReplicas.StartAsync(sentinels: 3);
        var mark = replicas.Sentinels[0].LogLength;
        await replicas.Primary.KillAsync();
        await replicas.Sentinels[0].SaidAsync("+switch-master", mark);
        Assert.Contains(
            $"\n{replicas.Replica.Port}",
            await replicas.Sentinels[0].CliAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", RedisReplicas.Service),
            StringComparison.Ordinal);
        Assert.Contains("role:master", await replicas.Replica.CliAsync("INFO", "replication"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_ServesAllSlots()
    {
        await using var cluster = await RedisCluster.StartAsync();
        foreach (var node in cluster.Nodes)
            Assert.Contains("cluster_state:ok\r\ncluster_slots_assigned:16384", await node.CliAsync("CLUSTER", "INFO"), StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
            Assert.Equal("OK", await cluster.Nodes[i % 6].CliAsync("-c", "SET", $"key{i}", "v"));
    }
}
