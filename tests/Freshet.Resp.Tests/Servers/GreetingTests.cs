using System.Net;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;

namespace Freshet.Resp.Tests.Servers;

/// <summary>Signing in to the real server.</summary>
public sealed class GreetingTests
{
    private static readonly RespConnectionSettings Settings = new();

    [Fact]
    public async Task Greeting_TellsWhoTheServerIs_AndNamesTheConnection()
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectAsync(server, Settings with { ClientName = "shop-1", Database = 3 });
        Assert.Matches(@"^\d+\.\d+\.\d+$", connection.Greeting.Version);
        Assert.Equal(("standalone", "master", true, false), (connection.Greeting.Mode, connection.Greeting.Role, connection.Greeting.IsPrimary, connection.Greeting.IsCluster));
        var self = await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("CLIENT", "INFO")));
        Assert.Contains(" name=shop-1 ", self, StringComparison.Ordinal);
        Assert.Contains(" db=3 ", self, StringComparison.Ordinal);
        Assert.Contains(" resp=3", self, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UserAndPassword_AreChecked_AndNeverShown()
    {
        await using var server = await RedisServer.StartAsync(
            "--requirepass", "d3fault", "--user", "app", "on", ">s3cr3t@:/ é", "~app:*", "+get", "+client|info");
        var app = Settings with { User = "app", Password = "s3cr3t@:/ é" };
        await using (var connection = await ConnectAsync(server, app))
        {
            Assert.Contains(" user=app ", await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("CLIENT", "INFO"))), StringComparison.Ordinal);
            Assert.Equal("_", await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("GET", "app:1"))));
            var refused = await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("GET", "other:s3cr3t"))));
            Assert.Equal("NOPERM", refused.Code);
            Assert.DoesNotContain("s3cr3t", refused.ToString(), StringComparison.Ordinal);
        }

        await using (await ConnectAsync(server, Settings with { Password = "d3fault" }))
        {
            // the default user
        }

        foreach (var wrong in new[] { app with { Password = "wr0ng" }, app with { User = "nob0dy" }, Settings with { Password = "wr0ng" } })
        {
            var fault = await Assert.ThrowsAsync<RespServerException>(() => ConnectAsync(server, wrong));
            Assert.Equal(("WRONGPASS", "The server answered: WRONGPASS invalid username-password pair or user is disabled."), (fault.Code, fault.Message));
            foreach (var secret in new[] { "wr0ng", "s3cr3t", "nob0dy" })
                Assert.DoesNotContain(secret, fault.ToString(), StringComparison.Ordinal);
        }

        Assert.Equal("NOAUTH", (await Assert.ThrowsAsync<RespServerException>(() => ConnectAsync(server, Settings))).Code);
    }

    [Fact]
    public async Task DatabaseThatThereIsNot_IsRefused()
    {
        await using var server = await RedisServer.StartAsync("--databases", "2");
        var fault = await Assert.ThrowsAsync<RespServerException>(() => ConnectAsync(server, Settings with { Database = 2 }));
        Assert.Equal("The server answered: ERR DB index is out of range", fault.Message);
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsNamed()
    {
        var port = RedisServer.FreePort();
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => RespConnection.ConnectAsync(new DnsEndPoint("localhost", port), Settings, null, TimeProvider.System, default));
        Assert.Equal((false, $"No connection to localhost:{port}: Connection refused"), (fault.MayHaveRun, fault.Message));
        fault = await Assert.ThrowsAsync<RespConnectionException>(() => RespConnection.ConnectAsync(new DnsEndPoint("host.invalid", port), Settings, null, TimeProvider.System, default));
        Assert.StartsWith($"No connection to host.invalid:{port}: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatDoesNotAnswer_IsGivenUp()
    {
        await using var server = await RedisServer.StartAsync();
        await server.PauseAsync();
        var patient = Settings with { CommandTimeout = TimeSpan.FromSeconds(30), ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ConnectAsync(server, patient));
        Assert.Equal((false, $"No connection to 127.0.0.1:{server.Port}: Nothing came of it within 0.2 s. Does it expect TLS (rediss:// or ssl=true)?"), (fault.MayHaveRun, fault.Message));
        using var leave = new CancellationTokenSource();
        var connecting = RespConnection.ConnectAsync(server.EndPoint, Settings with { CommandTimeout = TimeSpan.FromSeconds(30) }, null, TimeProvider.System, leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Theory]
    [InlineData("-ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 's3cr3t' \r\n")]
    [InlineData("-NOPROTO unsupported protocol version\r\n")]
    [InlineData("*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n")]
    public async Task ServerWithoutResp3_IsNamed(string answer)
    {
        await using var peer = new ScriptedPeer();
        var greeting = RespGreeting.ExchangeAsync(peer.Connection, Settings with { User = "u", Password = "s3cr3t" }, default);
        Assert.Equal("HELLO 3 AUTH u s3cr3t SETNAME freshet", await peer.HearAsync());
        peer.Say(answer);
        var fault = await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(greeting));
        Assert.Equal("The server does not speak RESP3; Redis 6 or later is needed.", fault.Message);
        Assert.DoesNotContain("s3cr3t", fault.ToString(), StringComparison.Ordinal);
    }

    private static Task<RespConnection> ConnectAsync(RedisServer server, RespConnectionSettings settings) =>
        RespConnection.ConnectAsync(server.EndPoint, settings, null, TimeProvider.System, default);
}
