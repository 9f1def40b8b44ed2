using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Freshet.Resp.Addresses;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Servers;

/// <summary>The script with which people start servers.</summary>
public sealed class EngRedisTests
{
    private static readonly string Script = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "eng", "redis"));

    [Theory]
    [InlineData("single", RedisTopology.Single, 1, "standalone")]
    [InlineData("replica", RedisTopology.Single, 1, "standalone")]
    [InlineData("sentinel", RedisTopology.Sentinel, 3, "sentinel")]
    [InlineData("cluster", RedisTopology.Cluster, 6, "cluster")]
    internal async Task Servers_ServeUntilTheyAreEnded(string kind, RedisTopology topology, int servers, string mode)
    {
        using var script = Start(kind);
        var address = RedisAddress.Parse((await script.StandardOutput.ReadLineAsync())!);
        Assert.Equal((topology, servers), (address.Topology, address.Servers.Count));
        foreach (var server in address.Servers)
        {
            await using var connection = await RespConnection.ConnectAsync(server, address.Connection, null, TimeProvider.System, default);
            Assert.Equal(mode, connection.Greeting.Mode);
            using var pong = await connection.SendAsync(new RespCommand("PING"));
            Assert.Equal("PONG"u8, pong.Reader.ReadBytes());
        }

        using var end = Process.Start("kill", ["-INT", script.Id.ToString(CultureInfo.InvariantCulture)]);
        await script.WaitForExitAsync();
        Assert.Equal((0, ""), (script.ExitCode, await script.StandardError.ReadToEndAsync()));
        foreach (var server in address.Servers)
            await Assert.ThrowsAsync<RespConnectionException>(() => RespConnection.ConnectAsync(server, address.Connection, null, TimeProvider.System, default));
    }

    [Fact]
    public async Task WithoutRedis_SaysWhatIsMissing()
    {
        using var script = Start("single", path: "/nowhere");
        await script.WaitForExitAsync();
        Assert.Equal(2, script.ExitCode);
        Assert.Contains("redis-server is missing", await script.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownKind_IsRefused()
    {
        using var script = Start("dozen");
        await script.WaitForExitAsync();
        Assert.Equal(2, script.ExitCode);
    }

    private static Process Start(string kind, string? path = null)
    {
        var start = new ProcessStartInfo("/bin/bash", [Script, kind]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (path is not null)
            start.Environment["PATH"] = path;
        return Process.Start(start)!;
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
