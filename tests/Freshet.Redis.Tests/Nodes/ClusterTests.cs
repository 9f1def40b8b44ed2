using System.Globalization;
using Freshet.Redis.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Redis.Tests.Nodes;

/// <summary>Nodes on a real Redis Cluster.</summary>
public class ClusterTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static readonly Tenant[] Tenants = [ClusterFixture.TenantAt(0), ClusterFixture.TenantAt(1), ClusterFixture.TenantAt(2)];

    private string Address => fixture.Cluster.Address;

    [Fact]
    public async Task C9_C10_WritesOfTenantsOnEachShard_CountOnBothNodes()
    {
        await using var a = new Node(Address);
        await using var b = new Node(Address);
        await Node.Until(() => Tenants.All(t => a.Engine.InContact(t) && b.Engine.InContact(t)));
        foreach (var tenant in Tenants)
        {
            for (var i = 0; i < 100; i++)
            {
                var at = (await a.TouchAsync("import/1", tenant))!.Value;
                Assert.True(a.Covers(at, tenant));
                Assert.True(a.Engine.InContact(tenant));
            }

            var last = a.Engine.Applied(tenant);
            await Node.Until(() => b.Covers(last, tenant));
            Assert.True(b.Engine.InContact(tenant));
        }
    }

    [Fact]
    public async Task C7_SlotMoves_WithAppendsInTheMiddle_NoRecordIsMissed_AndContactReturns()
    {
        var tenant = ClusterFixture.TenantAt(0, "moving");
        var slot = ClusterFixture.SlotOf(tenant);
        var from = await fixture.OwnerOfAsync(slot);
        var to = await fixture.OwnerOfAsync(ClusterFixture.SlotOf(ClusterFixture.TenantAt(1)));
        await using var a = new Node(Address, TimeSpan.FromMilliseconds(400));
        await using var b = new Node(Address, TimeSpan.FromMilliseconds(400));
        bool InContact() => a.Engine.InContact(tenant) && b.Engine.InContact(tenant);
        await Node.Until(InContact);
        var before = (await a.TouchAsync("import/0", tenant))!.Value;

        var number = slot.ToString(CultureInfo.InvariantCulture);
        var (fromId, toId) = (await from.CliAsync("CLUSTER", "MYID"), await to.CliAsync("CLUSTER", "MYID"));
        await to.CliAsync("CLUSTER", "SETSLOT", number, "IMPORTING", fromId);
        await from.CliAsync("CLUSTER", "SETSLOT", number, "MIGRATING", toId);
        Assert.NotNull(await a.TouchAsync("import/1", tenant)); // the key is still there
        Assert.Equal("OK", await from.CliAsync("MIGRATE", "127.0.0.1", to.Port.ToString(CultureInfo.InvariantCulture), Node.Log(tenant), "0", "5000"));

        // C6: nobody can follow it now. A write is logged where the slot is going to (ASK).
        var between = (await a.TouchAsync("import/2", tenant))!.Value;
        Assert.NotEqual(before.Epoch, between.Epoch);
        await Node.Until(() => !a.Engine.InContact(tenant) && !b.Engine.InContact(tenant));
        Assert.NotNull(await b.TouchAsync("import/3", tenant));
        foreach (var node in new[] { to, from })
            await node.CliAsync("CLUSTER", "SETSLOT", number, "NODE", toId);

        await Node.Until(InContact);
        Assert.True(a.Covers(between, tenant) && b.Covers(between, tenant));
        var after = (await b.TouchAsync("import/4", tenant))!.Value;
        await Node.Until(() => a.Covers(after, tenant) && InContact());
        await to.CliAsync("CLUSTER", "SETSLOT", number, "NODE", toId);
    }

    [Fact]
    public async Task C13_ReplicaTakesOver_ANewEpochBegins_AndContactReturns()
    {
        var tenant = ClusterFixture.TenantAt(2, "failing");
        await using var a = new Node(Address, TimeSpan.FromMilliseconds(400));
        await using var b = new Node(Address, TimeSpan.FromMilliseconds(400));
        bool InContact() => a.Engine.InContact(tenant) && b.Engine.InContact(tenant);
        await Node.Until(InContact);
        var before = (await a.TouchAsync("import/1", tenant))!.Value;
        var old = await fixture.OwnerOfAsync(ClusterFixture.SlotOf(tenant));
        await old.KillAsync();

        await Node.Until(() => a.Engine.Applied(tenant).Epoch != before.Epoch && InContact());
        Assert.False(a.Covers(before, tenant));
        var after = (await a.TouchAsync("import/1", tenant))!.Value;
        await Node.Until(() => b.Covers(after, tenant) && InContact());
        var from = old.LogLength;
        await old.RestartAsync();
        await old.SaidAsync("sync: Finished with success", from);
    }

    [Fact]
    public async Task C6_ManyLogs_AreAskedForTheirHeadsByEverySecondBeat_AndNeverTwiceAtOnce()
    {
        var time = new FakeTimeProvider();
        await using var a = new Node(Address, TimeSpan.FromSeconds(2), time);
        var tenants = Enumerable.Range(0, 40_000).Select(i => Tenant.Named(string.Create(CultureInfo.InvariantCulture, $"many{i}")))
            .Where(t => ClusterFixture.SlotOf(t) is > 5461 and < 10_900).Take(1_500).ToArray();
        bool InContact() => tenants.All(a.Engine.InContact);
        var yields = 0;
        await Node.Until(() =>
        {
            // Time waits for the answers.
            if (++yields % 100 == 0)
                time.Advance(TimeSpan.FromMilliseconds(10));
            return InContact();
        });
        var owner = await fixture.OwnerOfAsync(ClusterFixture.SlotOf(tenants[0]));
        var before = await owner.CallsAsync("hmget");
        for (var beat = 0; beat < 8; beat++)
        {
            var beats = await owner.CallsAsync("evalsha");
            time.Advance(TimeSpan.FromMilliseconds(500));
            while (await owner.CallsAsync("evalsha") == beats)
                await Task.Yield();
            Assert.True(InContact());
        }

        Assert.InRange(await owner.CallsAsync("hmget") - before, 2 * tenants.Length, 5 * tenants.Length);

        // Beats go on while a server is slow, and do not ask again for what it has not answered yet.
        before = await owner.CallsAsync("hmget");
        await owner.PauseAsync();
        for (var beat = 0; beat < 3; beat++)
            time.Advance(TimeSpan.FromMilliseconds(500));
        await owner.ContinueAsync();
        await Node.Until(InContact);
        Assert.InRange(await owner.CallsAsync("hmget") - before, 1, 2 * tenants.Length);
    }

    [Fact]
    public async Task C6_ShardIsLost_OnlyItsTenantsAreOutOfContact()
    {
        await using var a = new Node(Address, TimeSpan.FromSeconds(2));
        await Node.Until(() => Tenants.All(a.Engine.InContact) && a.InContact);
        var lost = Tenants.First(t => ClusterFixture.SlotOf(t) / 5461 != ClusterFixture.SlotOf(Tenant.Public) / 5461);
        var owner = await fixture.OwnerOfAsync(ClusterFixture.SlotOf(lost));
        await owner.PauseAsync();
        try
        {
            await Node.Until(() => a.Lines.Has("Contact with Redis is lost"));
            Assert.False(a.Engine.InContact(lost));
            Assert.All(Tenants.Where(t => t != lost), t => Assert.True(a.Engine.InContact(t)));
            Assert.Null(await a.TouchAsync("import/1", lost));
            Assert.NotNull(await a.TouchAsync("import/1", Tenants.First(t => t != lost)));
        }
        finally
        {
            await owner.ContinueAsync();
        }

        await Node.Until(() => a.Engine.InContact(lost));
    }
}
