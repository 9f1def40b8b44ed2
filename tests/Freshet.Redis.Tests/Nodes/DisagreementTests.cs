using System.Globalization;
using Freshet.Redis.Tests.Testing;
using Freshet.Storage;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>Nodes whose settings differ where they must agree: the one that comes second has no contact, and none is answered from before a write.</summary>
public sealed class DisagreementTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static readonly TimeSpan Staleness = TimeSpan.FromMilliseconds(200); // nodes count as alive for 2 s
    private static readonly string OtherSecret = Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]);

    private static string DatabaseOf(RedisServer redis, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{redis.Port}/{number}");

    private static async Task<Node> StartDifferentAsync(string address, string setting, Action<FreshetRedisOptions>? redis = null)
    {
        var node = new Node(address, Staleness, redis: redis);
        await Node.Until(() => node.Lines.Has($"This node differs from another one in {setting}, so it has no contact (disagrees)"));
        return node;
    }

    // Whatever the one writes, the other answers with: at once the different one, which loads, and soon the other one, which hears of it.
    private static async Task WriteOnEachAsync(Node right, Node different)
    {
        var value = "";
        for (var i = 0; i < 10; i++)
        {
            value = $"right {i}";
            Assert.NotNull(await right.TouchAsync("import/1"));
            Assert.Equal(value, await different.ReadAsync("k", () => value, "import/1"));
            Assert.Equal(value, await right.ReadAsync("k", () => value, "import/1"));
            Assert.False(different.InContact);

            value = $"different {i}";
            Assert.Null(await different.TouchAsync("import/1")); // pending
            Assert.Equal(value, await different.ReadAsync("k", () => value, "import/1"));
            await Node.Until(() => right.ReadAsync("k", () => value, "import/1").AsTask().GetAwaiter().GetResult() == value);
        }
    }

    [Fact]
    public async Task C9_NodeWithAnotherSecret_HasNoContact_AnswersFromLoads_AndItsWritesReachTheOthers()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using (var b = await StartDifferentAsync(redis.Address, "Freshet:Redis:Secret", o => o.Secret = OtherSecret))
        {
            await WriteOnEachAsync(a, b);
            Assert.Equal(1, b.Lines.Count("This node differs"));
            Assert.False(b.Lines.Has("Contact with Redis stands"));
            Assert.StartsWith("Freshet:Redis:Secret: Give all nodes of the application the same secret", ((IInvalidationStore)b.Logs).Disagreement, StringComparison.Ordinal);
            Assert.Null(((IInvalidationStore)a.Logs).Disagreement);
            Assert.False(a.Lines.Has("differs"));
        }

        await using var again = await Node.StartAsync(redis.Address, Staleness);
        Assert.NotNull(await again.TouchAsync("import/1"));
    }

    [Fact]
    public async Task AllNodesRestartedWithAnotherSecret_AreInContactOnceTheFormerNodesCountAsGone()
    {
        await using var redis = await RedisServer.StartAsync();
        var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await StartDifferentAsync(redis.Address, "Freshet:Redis:Secret", o => o.Secret = OtherSecret);
        await a.DisposeAsync();
        await Node.Until(() => b.InContact);
        await Node.Until(() => b.Lines.Has("This node agrees with all others again."));
        Assert.Null(((IInvalidationStore)b.Logs).Disagreement);
        Assert.NotNull(await b.TouchAsync("import/1"));
    }

    [Fact]
    public async Task NodeWithTheSameSecretAndAnotherPrefix_IsFound()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await StartDifferentAsync(redis.Address, "Freshet:Redis:Prefix", o => o.Prefix = "other");
        Assert.False(b.InContact);
        Assert.Null(await b.TouchAsync("import/1"));
    }

    [Fact]
    public async Task NodeWithTheSameSecretInAnotherDatabase_IsFound()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(DatabaseOf(redis, 2), Staleness);
        await using var b = await StartDifferentAsync(DatabaseOf(redis, 3), "Freshet:Redis:Address");
        Assert.False(b.InContact);
        Assert.Null(await b.TouchAsync("import/1"));
    }

    [Fact]
    public async Task OtherApplications_WithPrefixesOrDatabasesAndSecretsOfTheirOwn_DoNotHinderEachOther()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        await using var b = await Node.StartAsync(redis.Address, Staleness, o => (o.Secret, o.Prefix) = (OtherSecret, "other"));
        await using var c = await Node.StartAsync(DatabaseOf(redis, 3), Staleness, o => o.Secret = Convert.ToBase64String([.. Enumerable.Repeat((byte)9, 32)]));
        foreach (var node in new[] { a, b, c })
            Assert.Equal(1, (await node.TouchAsync("import/1"))!.Value.Offset);
        Assert.Equal(3, new[] { a, b, c }.Select(n => n.Engine.Applied(Tenant.Default)).Distinct().Count());
        await Node.Until(() => a.InContact && b.InContact && c.InContact);
        Assert.False(a.Lines.Has("lost") || b.Lines.Has("lost") || c.Lines.Has("lost"));
    }

    [Fact]
    public async Task Cluster_NodeWithAnotherSecret_IsFoundOnEachShard()
    {
        await using var a = await Node.StartAsync(fixture.Cluster.Address, Staleness);
        await using var b = await StartDifferentAsync(fixture.Cluster.Address, "Freshet:Redis:Secret", o => o.Secret = OtherSecret);
        foreach (var tenant in Enumerable.Range(0, 3).Select(i => ClusterFixture.TenantAt(i)))
        {
            await Node.Until(() => a.Engine.InContact(tenant));
            Assert.NotNull(await a.TouchAsync("import/1", tenant));
            Assert.Null(await b.TouchAsync("import/1", tenant));
            Assert.False(b.Engine.InContact(tenant));
            await Node.Until(() => a.Engine.Applied(tenant).Offset >= 2);
        }

        Assert.Equal(1, b.Lines.Count("This node differs"));
    }

    [Fact]
    public async Task Flushed_NodesThatAgreeGoOn_AndTheOtherStaysOut()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        var epoch = a.Engine.Applied(Tenant.Default).Epoch;
        await redis.CliAsync("FLUSHALL");
        await Node.Until(() => a.Engine.Applied(Tenant.Default).Epoch != epoch && a.InContact);
        await Node.Until(() => redis.CliAsync("EXISTS", "freshet:agreement").GetAwaiter().GetResult() is "1");
        await using var b = await StartDifferentAsync(redis.Address, "Freshet:Redis:Secret", o => o.Secret = OtherSecret);
        await WriteOnEachAsync(a, b);
    }

    [Fact]
    public async Task SomethingElseUnderTheAgreementsName_IsReplaced()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CliAsync("SET", "freshet:agreement", "is none");
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        Assert.Equal("hash", await redis.CliAsync("TYPE", "freshet:agreement"));
    }

    [Fact]
    public async Task FullMemory_NodesThatHaveJoinedStayInContact()
    {
        await using var redis = await RedisServer.StartAsync("--maxmemory", "4mb", "--maxmemory-policy", "noeviction");
        await using var a = await Node.StartAsync(redis.Address, Staleness);
        // Little at a time: a server that is busy for longer than contact lasts would lose the node before its memory is full.
        for (var part = 0; part < 25; part++)
            await redis.CliAsync("EVAL", "for i=1,200 do redis.call('SET','fill'..ARGV[1]..'.'..i,string.rep('x',1000)) end", "0", $"{part}");
        Assert.Contains("OOM", await redis.CliAsync("SET", "fill", "x"), StringComparison.Ordinal);
        var before = await redis.CallsAsync("time");
        await Node.Until(() => redis.CallsAsync("time").GetAwaiter().GetResult() >= before + 6); // longer than nodes count as alive
        await Node.Until(() => a.InContact);
        Assert.False(a.Lines.Has("(refused)"));
    }
}
