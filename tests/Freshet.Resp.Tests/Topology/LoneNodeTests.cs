using Freshet.Resp.Addresses;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A real cluster of one node, which has met nobody and so does not know its own address.</summary>
public sealed class LoneNodeTests
{
    // With full coverage required one missing slot takes the whole cluster down, else only itself.
    [Theory]
    [InlineData("yes")]
    [InlineData("no")]
    public async Task SlotThatNobodyHolds_IsRefused_AndServedAgainLater(string requiresAll)
    {
        var slot = ClusterFixture.SlotOf("nobody");
        await using var server = await RedisServer.StartAsync("--cluster-enabled", "yes", "--cluster-require-full-coverage", requiresAll);
        Assert.Equal("OK", await server.CliAsync("CLUSTER", "ADDSLOTSRANGE", "0", "16383"));
        await server.SaidAsync("Cluster state changed: ok");
        var user = new ShardNotes();
        await using (var client = RespClient.Create(RedisAddress.Parse(server.Address + "?cluster=true"), user, TimeProvider.System))
        {
            Assert.Equal(server.Port, (await user.UpAsync()).Server!.Port);
            Assert.Equal("+OK", await client.AskAsync("SET", "nobody", "1"));

            Assert.Equal("OK", await server.CliAsync("CLUSTER", "DELSLOTS", $"{slot}"));
            var fault = await Assert.ThrowsAnyAsync<RespException>(() => client.AskAsync("SET", "nobody", "2"));
            Assert.False(fault.MayHaveRun);
            // The node says so, until the map that was read anew does.
            Assert.Equal(fault is RespServerException ? "CLUSTERDOWN" : null, (fault as RespServerException)?.Code);

            Assert.Equal("OK", await server.CliAsync("CLUSTER", "ADDSLOTS", $"{slot}"));
            await using var pushing = new Pushing(client, "nobody list {nobody}");
            await pushing.ProgressAsync(1);
            await pushing.EndAsync();
            Assert.Equal("$1", await client.AskAsync("GET", "nobody"));
        }

        user.AssertAllDown();
    }
}
