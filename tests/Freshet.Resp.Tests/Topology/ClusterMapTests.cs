using System.Net;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Protocol;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>What CLUSTER SLOTS and redirections say, and what they cannot say.</summary>
public sealed class ClusterMapTests
{
    private static readonly DnsEndPoint Asked = new("asked", 7000);

    [Fact]
    public void Slots_AreReadWithTheirPrimaries()
    {
        var map = Read(
            "*3\r\n" + Range(0, 5460, Node("10.0.0.1", 7001), Node("10.0.0.4", 7004)) + Range(5461, 10922, Node("10.0.0.2", 7002)) + Range(10923, 16383, Node("host", 7001)));
        Assert.Equal(["10.0.0.1:7001", "10.0.0.2:7002", "host:7001"], map.Primaries.Select(p => $"{p.Host}:{p.Port}"), StringComparer.Ordinal);
        Assert.Equal(new DnsEndPoint("10.0.0.1", 7001), map.PrimaryOf(0));
        Assert.Equal(new DnsEndPoint("10.0.0.1", 7001), map.PrimaryOf(5460));
        Assert.Equal(new DnsEndPoint("10.0.0.2", 7002), map.PrimaryOf(5461));
        Assert.Equal(new DnsEndPoint("host", 7001), map.PrimaryOf(16383));
    }

    [Fact]
    public void PrimaryOfManyRanges_IsOne_AndGapsAreNobodys()
    {
        var map = Read("*3\r\n" + Range(10, 10, Node("h", 1)) + Range(20, 30, Node("H", 1)) + Range(12, 12, Node("h", 2)));
        Assert.Equal(2, map.Primaries.Length);
        Assert.Equal([null, 1, null, 2, null, 1, null], new[] { 9, 10, 11, 12, 19, 30, 31 }.Select(slot => map.PrimaryOf(slot)?.Port));
    }

    [Fact]
    public void ClusterWithoutSlots_HasNoPrimary()
    {
        var map = Read("*0\r\n");
        Assert.Empty(map.Primaries);
        Assert.Null(map.PrimaryOf(0));
    }

    // A node that has met no other yet does not know its address; one that is to keep it to itself says null.
    [Theory]
    [InlineData("$0\r\n\r\n", "asked")]
    [InlineData("_\r\n", "asked")]
    [InlineData("$-1\r\n", "asked")]
    [InlineData("$1\r\n?\r\n", "asked")]
    [InlineData("$3\r\n::1\r\n", "::1")]
    public void NameThatIsMissing_IsThatOfWhoWasAsked(string host, string expected) =>
        Assert.Equal(new DnsEndPoint(expected, 7001), Read("*1\r\n*3\r\n:0\r\n:0\r\n*3\r\n" + host + ":7001\r\n$2\r\nid\r\n").PrimaryOf(0));

    // Told to prefer host names, a node that has none says "?", and its address beside it.
    [Theory]
    [InlineData("%1\r\n$2\r\nip\r\n$8\r\n10.0.0.9\r\n", "10.0.0.9")]
    [InlineData("*2\r\n$2\r\nip\r\n$8\r\n10.0.0.9\r\n", "10.0.0.9")]
    [InlineData("%2\r\n$8\r\nhostname\r\n$1\r\nh\r\n$2\r\nip\r\n$8\r\n10.0.0.9\r\n", "10.0.0.9")]
    [InlineData("%1\r\n$2\r\nip\r\n$0\r\n\r\n", "asked")]
    [InlineData("*0\r\n", "asked")]
    [InlineData("*1\r\n*0\r\n", "asked")]
    public void NameThatIsUnknown_IsTheAddressBesideIt(string more, string expected) =>
        Assert.Equal(new DnsEndPoint(expected, 7001), Read("*1\r\n*3\r\n:0\r\n:0\r\n*4\r\n$1\r\n?\r\n:7001\r\n$2\r\nid\r\n" + more).PrimaryOf(0));

    [Theory]
    [InlineData("+OK\r\n")]
    [InlineData("*1\r\n:0\r\n")]
    [InlineData("*1\r\n*2\r\n:0\r\n:0\r\n")]
    [InlineData("*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:-1\r\n:4\r\n*2\r\n$1\r\nh\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:9223372036854775807\r\n*2\r\n$1\r\nh\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n$1\r\nx\r\n*2\r\n$1\r\nh\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:0\r\n*1\r\n$1\r\nh\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:0\r\n*2\r\n$1\r\nh\r\n:0\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:0\r\n*2\r\n$1\r\nh\r\n:65536\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:0\r\n*2\r\n*1\r\n+h\r\n:1\r\n")]
    [InlineData("*1\r\n*3\r\n:0\r\n:0\r\n$1\r\nh\r\n")]
    [InlineData("*1\r\n*4\r\n:0\r\n:0\r\n*2\r\n$1\r\nh\r\n:1\r\n$7\r\nreplica\r\n")]
    [InlineData("*1\r\n*-1\r\n")]
    public void WhatIsNoMap_IsRefused(string reply) => Assert.Throws<RespProtocolException>(() => Read(reply));

    [Fact]
    public void Redirection_ChangesItsSlotOnly_AndAnotherMap()
    {
        var map = Read("*1\r\n" + Range(0, 16383, Node("h", 1)));
        var (known, added) = (map.With(7, new DnsEndPoint("h", 1)), map.With(7, new DnsEndPoint("h", 2)));
        Assert.Equal([1, 1, 1], new[] { map, known, added }.Select(m => m.PrimaryOf(6)!.Port));
        Assert.Equal([1, 1, 2], new[] { map, known, added }.Select(m => m.PrimaryOf(7)!.Port));
        Assert.Equal([1, 1, 1], new[] { map, known, added }.Select(m => m.PrimaryOf(8)!.Port));
        Assert.Equal([1, 1, 2], new[] { map, known, added }.Select(m => m.Primaries.Length));
    }

    [Theory]
    [InlineData("MOVED 3999 127.0.0.1:6381", 3999, "127.0.0.1", 6381)]
    [InlineData("ASK 0 host.name:1", 0, "host.name", 1)]
    [InlineData("MOVED 16383 2001:db8::1:65535", 16383, "2001:db8::1", 65535)]
    [InlineData("MOVED 1 :6381", 1, "asked", 6381)]
    [InlineData("MOVED 1 ?:6381", 1, "asked", 6381)]
    public void Redirection_IsRead(string message, int slot, string host, int port) =>
        Assert.Equal((slot, new DnsEndPoint(host, port)), ClusterMap.ReadRedirection(message, Asked));

    [Theory]
    [InlineData("MOVED")]
    [InlineData("MOVED 1")]
    [InlineData("MOVED 16384 h:1")]
    [InlineData("MOVED -1 h:1")]
    [InlineData("MOVED x h:1")]
    [InlineData("MOVED 1 h")]
    [InlineData("MOVED 1 h:")]
    [InlineData("MOVED 1 h:0")]
    [InlineData("MOVED 1 h:65536")]
    [InlineData("MOVED 1 h:-1")]
    public void WhatIsNoRedirection_IsNone(string message) => Assert.Null(ClusterMap.ReadRedirection(message, Asked));

    [Theory]
    [InlineData("cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_current_epoch:17\r\ncluster_my_epoch:3\r\n", true, 17)]
    [InlineData("cluster_state:fail\r\ncluster_current_epoch:6\r\n", false, 6)]
    [InlineData("cluster_state:okay\r\n", false, 0)]
    [InlineData("cluster_current_epoch:x\r\ncluster_state:ok", true, 0)]
    [InlineData("", false, 0)]
    public void State_IsRead(string text, bool serves, long epoch) =>
        Assert.Equal(new ClusterState(serves, epoch), ClusterState.Read(Wire.Bytes(text)));

    private static ClusterMap Read(string literal) => ClusterMap.Read(new RespReader(Wire.Bytes(literal)), Asked);

    private static string Range(int first, int last, params string[] nodes) => $"*{2 + nodes.Length}\r\n:{first}\r\n:{last}\r\n{string.Concat(nodes)}";

    private static string Node(string host, int port) => $"*4\r\n${host.Length}\r\n{host}\r\n:{port}\r\n$2\r\nid\r\n*0\r\n";
}
