using System.Globalization;
using System.Runtime.CompilerServices;
using Freshet.Redis.Tests.Testing;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Guide;

/// <summary>Two nodes do all they do with exactly the rights that the guide gives their user.</summary>
public sealed class AclTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    private static readonly string[] Rules = [.. File.ReadAllLines(Guide()).Where(l => l.StartsWith("ACL SETUSER ", StringComparison.Ordinal))];

    [Fact]
    public async Task SingleServer()
    {
        await using var redis = await RedisServer.StartAsync();
        await AllowAsync(redis, Rules[0]);
        await UseAsync(string.Create(CultureInfo.InvariantCulture, $"redis://freshet:secret@127.0.0.1:{redis.Port}/0"), redis);
        await UseAsync(string.Create(CultureInfo.InvariantCulture, $"redis://freshet:secret@127.0.0.1:{redis.Port}/3"), redis);
    }

    [Fact]
    public async Task Cluster()
    {
        foreach (var node in fixture.Cluster.Nodes)
            await AllowAsync(node, Rules[1]);
        await UseAsync(fixture.Cluster.Address.Replace("://", "://freshet:secret@", StringComparison.Ordinal), null);
    }

    private static async Task AllowAsync(RedisServer redis, string rule) => Assert.Equal("OK", (await redis.CliAsync(rule.Split(' '))).Trim());

    private static async Task UseAsync(string address, RedisServer? redis)
    {
        await using var a = await Node.StartAsync(address);
        await using var b = await Node.StartAsync(address);
        var version = 1;
        Assert.Equal("1", await a.ReadAsync("k", () => $"{version}", "import/1"));
        await a.Steps.DidAsync("write stored");
        Assert.Equal("1", await b.ReadAsync("k", () => "unused", "import/1"));
        version = 2;
        Assert.NotNull(await b.TouchAsync("import/1"));
        await Node.Until(() => a.Engine.Applied(Tenant.Default) == b.Engine.Applied(Tenant.Default));
        Assert.Equal("2", await a.ReadAsync("k", () => $"{version}", "import/1"));

        // A refused load gives its lease back, and a log that is lost begins anew.
        await b.ReadAsync("refused", () =>
        {
            LoadScope.Current!.DoNotStore(CacheReason.UnknownSource);
            return "x";
        });
        if (redis is not null)
        {
            var epoch = a.Engine.Applied(Tenant.Default).Epoch;
            await redis.CliAsync("FLUSHALL");
            await Node.Until(() => a.Engine.Applied(Tenant.Default).Epoch != epoch && a.InContact);
        }

        Assert.DoesNotContain("Warning", string.Join('\n', a.Lines.All.Concat(b.Lines.All)), StringComparison.Ordinal);
        Assert.Equal(0, a.Steps.Count("read failed") + b.Steps.Count("read failed") + a.Steps.Count("lease failed") + b.Steps.Count("write failed"));
    }

    private static string Guide([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "..", "docs", "guide", "redis.md"));
}
