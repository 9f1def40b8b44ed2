using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Spectre.Console;
using Traffic.Demo;

namespace Traffic.Tests.Demo;

/// <summary>The command as <c>./demo</c> runs it, with the platform as a process of its own.</summary>
public sealed class TrafficCommandTests : IDisposable
{
    private static readonly string Platform = Path.GetFullPath(
        Path.Combine(AppContext.BaseDirectory, "..", "..", "MigrationPlatform", "release", "MigrationPlatform"));

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("freshet-traffic-");

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("--wrong")]
    [InlineData("stray")]
    [InlineData("--seconds", "abc")]
    [InlineData("--seconds", "0")]
    [InlineData("--seconds")]
    [InlineData("--port", "70000")]
    [InlineData("--seed", "-1")]
    [InlineData("--nodes", "9", "--redis", "local")]
    [InlineData("--nodes", "0")]
    [InlineData("--nodes", "3")]
    [InlineData("--redis")]
    [InlineData("--port", "65534", "--nodes", "3", "--redis", "redis://localhost")]
    public async Task WrongOption_IsOneLineAndStatus2(params string[] args)
    {
        Assert.Equal(2, await RunAsync(args));
        AssertOneLine(args[0]);

        // The script says the same before it builds.
        var (status, output, error) = await ScriptAsync(args);
        Assert.Equal((2, "", _error.ToString()), (status, output, error));
    }

    [Theory]
    [InlineData]
    [InlineData("--exit", "--seconds", "60", "--port=5090", "--seed:7", "--json", "figures.json")]
    [InlineData("--nodes", "3", "--redis", "redis://localhost:6379")]
    [InlineData("--nodes=2", "--redis=localhost:6379,password=secret")]
    [InlineData("--redis:redis://localhost")]
    [InlineData("--race", "--nodes", "3")]
    [InlineData("--race")]
    [InlineData("--help")]
    public async Task RightOptions_PassTheScript(params string[] args)
    {
        // It goes on to the build, and there is no SDK.
        var (status, _, error) = await ScriptAsync(args);
        Assert.Equal(2, status);
        Assert.Contains("The .NET 10 SDK is needed", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_NamesTheCommandAsItIsCalled()
    {
        using var help = Start(Path.Combine(AppContext.BaseDirectory, "..", "..", "Traffic", "release", "Traffic"), ["--help"]);
        Assert.Contains("./demo [options]", await help.StandardOutput.ReadToEndAsync(), StringComparison.Ordinal);
        await help.WaitForExitAsync();
        Assert.Equal(0, help.ExitCode);
    }

    [Fact]
    public async Task PortInUse_IsOneLineAndStatus2()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        Assert.Equal(2, await RunAsync("--exit", "--port", $"{port}"));
        AssertOneLine($"Port {port}");
    }

    [Fact]
    public async Task JsonThatCannotBeWritten_IsOneLineAndStatus2()
    {
        Assert.Equal(2, await RunAsync("--exit", "--port", $"{FreePort()}", "--json", Path.Combine(_folder.FullName, "none", "x.json")));
        AssertOneLine("The figures cannot be written");
    }

    [Fact]
    public async Task PlatformThatDoesNotStart_IsOneLineAndStatus2()
    {
        Assert.Equal(2, await TrafficCommand.RunAsync(["--platform", "/bin/false", "--exit", "--port", $"{FreePort()}"], Plain(), _error));
        AssertOneLine("The platform ended with status 1");
    }

    [Fact]
    public async Task LocalRedisWithoutAServer_IsOneLineAndStatus2()
    {
        const string Expected = "--redis local needs redis-server; on Debian and Ubuntu: apt-get install redis-server.\n";
        var (status, _, error) = await ScriptAsync(["--redis", "local"]);
        Assert.Equal((2, Expected), (status, error));

        using var run = Start(
            Path.Combine(AppContext.BaseDirectory, "..", "..", "Traffic", "release", "Traffic"), ["--platform", Platform, "--redis", "local"], path: _folder.FullName);
        Assert.Equal(Expected, await run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        Assert.Equal(2, run.ExitCode);
    }

    [Theory]
    [InlineData("redis://", "--redis: ")]
    [InlineData("redis://127.0.0.1:1", "Redis cannot be used: ")]
    public async Task RedisThatCannotBeUsed_IsOneLineAndStatus2(string address, string about)
    {
        Assert.Equal(2, await RunAsync("--exit", "--redis", address));
        AssertOneLine(about);
    }

    [Fact]
    public async Task LocalRedis_EndsAndLeavesNoFolder()
    {
        var server = await LocalRedis.StartAsync(TestContext.Current.CancellationToken);
        var port = new Uri(server.Address).Port;
        using (var client = new TcpClient()) await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        Assert.True(server.Folder.Exists);

        await server.DisposeAsync();
        server.Folder.Refresh();
        Assert.False(server.Folder.Exists);
        using var again = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => again.ConnectAsync(IPAddress.Loopback, port));
    }

    [Fact]
    public async Task TwoNodesOnOneRedis_BreakNoPromise_AndLeaveNothingThere()
    {
        await using var redis = await RedisServer.StartAsync();
        await redis.CliAsync("SET", "somebody:else", "1");
        var json = Path.Combine(_folder.FullName, "figures.json");
        var status = await RunAsync("--exit", "--seconds", "2", "--port", $"{FreePort(together: 2)}", "--nodes", "2", "--redis", redis.Address, "--json", json);
        Assert.True(status is 0 or 1, _error.ToString());

        using var figures = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        foreach (var name in (string[])["without", "with", "events"])
        {
            var run = figures.RootElement.GetProperty(name);
            Assert.Equal("[]", run.GetProperty("broken").GetRawText());
            Assert.Equal((0, 0), (run.GetProperty("brokenPromises").GetInt64(), run.GetProperty("pending").GetInt64()));
            Assert.True(run.GetProperty("answers").GetInt64() > 100 && run.GetProperty("writes").GetInt64() > 0);
        }

        // What is valid is answered from memory, on whichever node.
        Assert.True(figures.RootElement.GetProperty("with").GetProperty("reasons").GetProperty("fresh").GetInt64() > 100);
        Assert.Equal(status == 0, Lines(_error).Length == 0);
        Assert.All(Lines(_error), line => Assert.StartsWith("Savings not met", line, StringComparison.Ordinal));
        Assert.Contains("write to event on another node", _output.ToString(), StringComparison.Ordinal);
        // Nodes of all prefixes meet at the agreement, so the demo leaves it to its time to live.
        Assert.InRange(long.Parse(await redis.CliAsync("PTTL", "freshet:agreement"), CultureInfo.InvariantCulture), 1, 60_000);
        await redis.CliAsync("DEL", "freshet:agreement");
        Assert.Equal("somebody:else", await redis.CliAsync("KEYS", "*"));
    }

    [Fact]
    public async Task Demo_PlaysAllRunsAndWritesTheFigures()
    {
        var json = Path.Combine(_folder.FullName, "figures.json");
        var status = await RunAsync("--exit", "--seconds", "1", "--port", $"{FreePort()}", "--json", json);

        using var figures = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        foreach (var run in (string[])["without", "with", "events"])
        {
            Assert.Equal(0, figures.RootElement.GetProperty(run).GetProperty("brokenPromises").GetInt64());
            Assert.True(figures.RootElement.GetProperty(run).GetProperty("answers").GetInt64() > 100);
        }

        Assert.Equal(
            figures.RootElement.GetProperty("without").GetProperty("answers").GetInt64(),
            figures.RootElement.GetProperty("with").GetProperty("answers").GetInt64());
        var events = figures.RootElement.GetProperty("events");
        Assert.True(events.GetProperty("calls").GetInt64() < events.GetProperty("answers").GetInt64());
        // In one second the cache is still cold: the savings may not be met yet, and then the line and the status say so.
        Assert.Equal(status == 0, Lines(_error).Length == 0);
        Assert.All(Lines(_error), line => Assert.StartsWith("Savings not met", line, StringComparison.Ordinal));
        Assert.Contains("broken promises", _output.ToString(), StringComparison.Ordinal);
    }

    private Task<int> RunAsync(params string[] args) => TrafficCommand.RunAsync(["--platform", Platform, .. args], Plain(), _error);

    /// <summary>The script itself, on a machine that has no SDK.</summary>
    private async Task<(int Status, string Output, string Error)> ScriptAsync(string[] args)
    {
        var tools = _folder.CreateSubdirectory("tools");
        if (!File.Exists(Path.Combine(tools.FullName, "dirname")))
            File.CreateSymbolicLink(Path.Combine(tools.FullName, "dirname"), "/usr/bin/dirname");
        var script = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "demo"));
        using var run = Start("/bin/bash", [script, .. args], path: tools.FullName);
        var output = run.StandardOutput.ReadToEndAsync();
        var error = await run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        return (run.ExitCode, await output, error);
    }

    private static Process Start(string program, string[] args, string? path = null)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (path is not null) start.Environment["PATH"] = path;
        return Process.Start(start)!;
    }

    private IAnsiConsole Plain() => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(_output),
    });

    private void AssertOneLine(string about) => Assert.Contains(about, Assert.Single(Lines(_error)), StringComparison.Ordinal);

    private static string[] Lines(StringWriter text) => text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // Below the ports that the system gives to clients: between two runs nobody listens, and a connection of anybody could take one.
    private static int FreePort(int together = 1)
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            if (Enumerable.Range(port, together).All(IsFree)) return port;
        }
    }

    private static bool IsFree(int port)
    {
        using var probe = new TcpListener(IPAddress.Loopback, port);
        try
        {
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
