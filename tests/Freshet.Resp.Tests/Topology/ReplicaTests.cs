using System.Globalization;
using Freshet.Resp.Addresses;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>A real primary and its replica, with and without sentinels: the client finds who leads, whatever happens to who led.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task Sentinels_NameThePrimary_AndTheNextOneWhenItIsKilled()
    {
        await using var replicas = await RedisReplicas.StartAsync(sentinels: 3);
        await replicas.Sentinels[0].KillAsync(); // the first that is asked; two are a majority
        var user = new ShardNotes();
        await using (var client = RespClient.Create(RedisAddress.Parse(replicas.Address), user, TimeProvider.System))
        {
            var shard = await user.UpAsync();
            Assert.Equal($"*[$port ${replicas.Primary.Port}]", (await client.AskAsync("CONFIG", "GET", "port")).Replace('%', '*'));
            Assert.Equal(":0", await client.RunAsync("k"));
            await using var pushing = new Pushing(client, "list");
            await pushing.ProgressAsync(50);

            await replicas.Primary.KillAsync();
            Assert.Same(shard, await user.UpAsync()); // one primary, whichever it is
            Assert.Equal($"*[$port ${replicas.Replica.Port}]", (await client.AskAsync("CONFIG", "GET", "port")).Replace('%', '*'));
            Assert.Equal(":1", await client.RunAsync("list")); // the new one has never heard of the script
            await pushing.ProgressAsync(50);
            Assert.NotEmpty(await pushing.EndAsync(mayLose: true));

            // The old one returns as it was: the sentinels do not name it, so nobody goes back.
            await replicas.Primary.RestartAsync();
            await RespLink.DropAsync(shard.Values.Current!);
            var again = await ScriptedPeer.Soon(shard.Values.UpAsync(default));
            Assert.Equal($"*[$port ${replicas.Replica.Port}]", (await ScriptedPeer.TextAsync(again.SendAsync(new RespCommand("CONFIG", "GET", "port")))).Replace('%', '*'));
        }

        user.AssertAllDown();
    }

    // It keeps its connections, and answers reads from what becomes the past.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PrimaryThatIsDemoted_IsLeftAtTheFirstWrite(bool byScript)
    {
        await using var replicas = await RedisReplicas.StartAsync();
        var names = string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{replicas.Primary.Port},127.0.0.1:{replicas.Replica.Port}");
        await using var client = RespClient.Create(RedisAddress.Parse(names), null, TimeProvider.System);
        var link = client.Shards.Single().Values;
        var first = await ScriptedPeer.Soon(link.UpAsync(default));
        Assert.Equal("+OK", await client.AskAsync("SET", "k", "1"));

        // Shorter than a command may take: on a busy machine the replica needs more than one.
        for (var copies = 0L; copies < 1;)
        {
            using var reply = await first.SendAsync(new RespCommand("WAIT", "1", "500"));
            copies = reply.Reader.ReadInt64();
        }

        await replicas.Replica.CliAsync("REPLICAOF", "NO", "ONE");
        await replicas.Primary.CliAsync("REPLICAOF", "127.0.0.1", $"{replicas.Replica.Port}");
        Assert.Equal("$1", await client.AskAsync("GET", "k"));
        Assert.Same(first, link.Current);
        var fault = await Assert.ThrowsAsync<RespServerException>(
            () => byScript ? ScriptedPeer.TextAsync(client.RunAsync(0, new DeleteCall("k"))) : client.AskAsync("SET", "k", "2"));
        Assert.Equal(("READONLY", false), (fault.Code, fault.MayHaveRun));
        Assert.True(first.Ended.IsCompleted);
        await ScriptedPeer.Soon(link.UpAsync(default));
        Assert.Equal("+OK", await client.AskAsync("SET", "k", "3"));
        Assert.Equal("3", await replicas.Replica.CliAsync("GET", "k"));
    }

    [Fact]
    public async Task ServerThatIsRestarted_IsFoundAgain_WithTheScripts()
    {
        await using var server = await RedisServer.StartAsync();
        var user = new ShardNotes();
        await using (var client = RespClient.Create(RedisAddress.Parse(server.Address), user, TimeProvider.System))
        {
            await user.UpAsync();
            Assert.Equal(":0", await client.RunAsync("k"));
            await using var pushing = new Pushing(client, "list");
            await pushing.ProgressAsync(50);
            await server.RestartAsync();
            await user.UpAsync();
            await pushing.ProgressAsync(50);
            await pushing.EndAsync(mayLose: true);
            Assert.Equal(":1", await client.RunAsync("list"));
            await server.CliAsync("SCRIPT", "FLUSH");
            Assert.Equal(":1", await client.RunAsync("list"));
        }

        user.AssertAllDown();
    }

    private readonly struct DeleteCall(string key) : Scripts.IRespScriptCall
    {
        private static readonly Scripts.RespScript Delete = new("return redis.call('DEL', KEYS[1])");

        public Scripts.RespScript Script => Delete;

        public int Keys => 1;

        public int Arguments => 0;

        public void Write(ref RespWriter writer) => writer.Add(key);
    }
}
