using System.Net;
using System.Net.Sockets;
using Freshet.Resp.Addresses;
using Freshet.Resp.Tests.Connections;
using Freshet.Resp.Topology;

namespace Freshet.Resp.Tests.Topology;

/// <summary>Sentinels and servers that are down, wrong or talk nonsense do not hide the primary.</summary>
public sealed class FinderTests : IAsyncDisposable
{
    private readonly List<ScriptedServer> _servers = [];

    public static TheoryData<string> WrongAnswers() =>
    [
        "+OK\r\n", "*-1\r\n", "_\r\n", ":1\r\n", "-IDONTKNOW I have not enough information to reply.\r\n", "*1\r\n$1\r\nh\r\n", "*2\r\n*0\r\n$1\r\n1\r\n",
        "*2\r\n$1\r\nh\r\n$1\r\nx\r\n", "*2\r\n$1\r\nh\r\n$1\r\n0\r\n", "*2\r\n$1\r\nh\r\n$5\r\n65536\r\n", "*2\r\n$0\r\n\r\n$4\r\n6379\r\n", "$-7\r\n", "", "{replica}", "{down}", "{cluster}",
    ];

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task SentinelThatIsWrong_IsPassedOver(string answer)
    {
        var (replica, cluster, primary) = (New(), New(), New());
        (replica.Role, cluster.Mode) = ("replica", "cluster");
        var (wrong, right) = (New(), New());
        answer = answer switch
        {
            "{replica}" => Address(replica.Port),
            "{cluster}" => Address(cluster.Port),
            "{down}" => Address(UnusedPort()),
            _ => answer,
        };
        wrong.Answer = _ => Task.FromResult<string?>(answer);
        right.Answer = _ => Task.FromResult<string?>(Address(primary.Port));
        await using var connection = await ScriptedPeer.Soon(Finder($"127.0.0.1:{UnusedPort()}", wrong.Name, right.Name).ConnectAsync(null, default));
        Assert.Equal("+OK", await ScriptedPeer.TextAsync(connection.SendAsync(new Resp.Protocol.RespCommand("PING"))));
        Assert.Equal(["PING"], primary.Heard);
        Assert.Equal(["SENTINEL GET-MASTER-ADDR-BY-NAME main"], wrong.Heard);
    }

    [Fact]
    public async Task WhenNoneIsRight_TheLastReasonIsTold()
    {
        var (wrong, replica, liar) = (New(), New(), New());
        replica.Role = "replica";
        wrong.Answer = _ => Task.FromResult<string?>("*-1\r\n");
        liar.Answer = _ => Task.FromResult<string?>(Address(replica.Port));
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(Finder(liar.Name, wrong.Name).ConnectAsync(null, default)));
        Assert.Equal($"The sentinel {wrong.Name} knows no service 'main'.", fault.Message);
        fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(Finder(wrong.Name, liar.Name).ConnectAsync(null, default)));
        Assert.Equal($"{replica.Name} is a replica; Freshet needs the primary.", fault.Message);
    }

    [Theory]
    [InlineData("redis://{0}", "standalone", "cluster", "is a node of a Redis Cluster; add cluster=true to its address.")]
    [InlineData("redis://{0}?cluster=true", "cluster", "standalone", "is no node of a Redis Cluster; take cluster=true out of its address.")]
    public async Task AnotherTopologyThanTheAddressSays_IsRefused(string address, string right, string wrong, string why)
    {
        var server = New();
        var finder = new ServerFinder(RedisAddress.Parse(string.Format(null, address, server.Name)), TimeProvider.System);
        server.Mode = wrong;
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(finder.ConnectToAsync(new DnsEndPoint("127.0.0.1", server.Port), null, default)));
        Assert.Equal($"{server.Name} {why}", fault.Message);
        server.Mode = right;
        await (await ScriptedPeer.Soon(finder.ConnectToAsync(new DnsEndPoint("127.0.0.1", server.Port), null, default))).DisposeAsync();
    }

    [Fact]
    public async Task OfSeveralServers_TheOneThatLeadsIsTaken()
    {
        var (replica, primary) = (New(), New());
        replica.Role = "replica";
        var finder = new ServerFinder(RedisAddress.Parse($"redis://127.0.0.1:{UnusedPort()},{replica.Name},{primary.Name}"), TimeProvider.System);
        await using var connection = await ScriptedPeer.Soon(finder.ConnectAsync(null, default));
        Assert.Equal("master", connection.Greeting.Role);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private static string Address(int port) => $"*2\r\n$9\r\n127.0.0.1\r\n{ScriptedServer.Bulk($"{port}")}";

    private static int UnusedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static ServerFinder Finder(params string[] sentinels) => new(RedisAddress.Parse($"redis://{string.Join(',', sentinels)}?sentinel=main"), TimeProvider.System);

    private ScriptedServer New()
    {
        _servers.Add(new ScriptedServer { Mode = "standalone" });
        return _servers[^1];
    }
}
