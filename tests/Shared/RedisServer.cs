using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Freshet.TestServers;

/// <summary>
/// A Redis server from the distribution's package, throw-away: in a temporary folder, on a free loopback port, without persistence
/// unless told. It ends with this process, even when that is killed: a shell that lives only as long as its standard input is open
/// looks after it. When it cannot be started the tests that need it fail.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Ended = "redis-server has ended";

    // Kills the server when the input ends; until then sends it the signals that the input names.
    private const string Keeper =
        $$"""
        {
            sh -c 'echo $$ >redis.pid; exec "$@" </dev/null 1>&2' sh "$@"
            rm -f redis.pid
            echo '{{Ended}}' >&2
        } &
        while read -r signal; do
            kill -"$signal" "$(cat redis.pid)"
            [ "$signal" != KILL ] || wait
            echo "$signal"
        done
        kill -KILL "$(cat redis.pid)" 2>/dev/null
        wait
        """;

    private readonly List<string> _log = [];
    private readonly List<(string Text, TaskCompletionSource<string> Said)> _waiting = [];
    private readonly string[] _arguments;
    private Process? _keeper;

    private RedisServer(int port, string folder, string[] arguments)
    {
        Port = port;
        Folder = folder;
        _arguments = [.. arguments.Select(a => a
            .Replace("{port}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{folder}", folder, StringComparison.Ordinal))];
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Its working folder.</summary>
    public string Folder { get; }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    /// <summary>As applications name it; without user and password.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{Port}");

    /// <summary>How many lines it has logged: a mark for <see cref="SaidAsync"/>.</summary>
    public int LogLength
    {
        get
        {
            lock (_log)
                return _log.Count;
        }
    }

    /// <summary>Starts one and waits until it serves.</summary>
    /// <param name="arguments">More of its settings, as on the command line: <c>--maxmemory</c>, <c>10mb</c>.</param>
    public static Task<RedisServer> StartAsync(params string[] arguments) => StartAsync(null, arguments);

    /// <summary>Starts one whose settings need files.</summary>
    /// <param name="prepare">Writes them into the folder that it is given.</param>
    /// <param name="arguments">More settings; <c>{folder}</c> and <c>{port}</c> stand for what they name.</param>
    public static async Task<RedisServer> StartAsync(Action<string>? prepare, params string[] arguments)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new RedisServer(FreePort(), Directory.CreateTempSubdirectory("freshet-redis-").FullName, arguments);
            try
            {
                prepare?.Invoke(server.Folder);
                await server.RunAsync();
                return server;
            }
            catch (InvalidOperationException e)
            {
                await server.DisposeAsync();
                // Between looking for a free port and taking it, somebody else may take it.
                if (attempt == 5 || !e.Message.Contains("Address already in use", StringComparison.Ordinal))
                    throw;
            }
        }
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public Task KillAsync() => SignalAsync("KILL");

    /// <summary>SIGSTOP: its connections stay, and nobody answers.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>SIGCONT after <see cref="PauseAsync"/>.</summary>
    public Task ContinueAsync() => SignalAsync("CONT");

    /// <summary>Kills it and starts it again, with its settings, on its port, in its folder: what it has saved it finds.</summary>
    public async Task RestartAsync()
    {
        await EndAsync();
        await RunAsync();
    }

    /// <summary>One command by redis-cli; its output, without the last end of line.</summary>
    public async Task<string> CliAsync(params string[] command)
    {
        var start = new ProcessStartInfo("redis-cli") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-p", Port.ToString(CultureInfo.InvariantCulture), .. command])
            start.ArgumentList.Add(argument);
        using var cli = Process.Start(start)!;
        var error = cli.StandardError.ReadToEndAsync();
        var output = (await cli.StandardOutput.ReadToEndAsync()).TrimEnd('\n');
        await cli.WaitForExitAsync();
        return cli.ExitCode == 0 ? output : throw new InvalidOperationException($"redis-cli: {output}{await error}");
    }

    /// <summary>Waits until it has logged a line with that text.</summary>
    /// <param name="text">A part of the line.</param>
    /// <param name="from">Only lines from this number on count (<see cref="LogLength"/>).</param>
    /// <exception cref="InvalidOperationException">It ended without saying so.</exception>
    public Task<string> SaidAsync(string text, int from = 0)
    {
        lock (_log)
        {
            if (_log.Skip(from).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } said)
                return Task.FromResult(said);
            var saying = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((text, saying));
            return saying.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>A port that nobody listens on, and neither on the one of the cluster's bus that belongs to it.</summary>
    internal static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (port > 55_535)
                continue;
            try
            {
                using var bus = new TcpListener(IPAddress.Loopback, port + 10_000);
                bus.Start();
                return port;
            }
            catch (SocketException)
            {
                // taken: another one
            }
        }
    }

    private async Task RunAsync()
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder,
        };
        // A file of settings stands ahead of all others.
        var hasFile = _arguments is [{ } first, ..] && !first.StartsWith("--", StringComparison.Ordinal);
        string[] usual = ["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--enable-debug-command", "local"];
        foreach (var argument in (string[])["-c", Keeper, "sh", "redis-server", .. hasFile ? [] : usual, .. _arguments])
            start.ArgumentList.Add(argument);

        var from = LogLength;
        _keeper = Process.Start(start)!;
        _keeper.ErrorDataReceived += (_, e) => OnLine(e.Data);
        _keeper.BeginErrorReadLine();
        await SaidAsync(hasFile ? "+monitor" : "Ready to accept connections", from);
    }

    private async Task SignalAsync(string signal)
    {
        await _keeper!.StandardInput.WriteLineAsync(signal);
        await _keeper.StandardOutput.ReadLineAsync();
    }

    private async Task EndAsync()
    {
        if (_keeper is null)
            return;
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
        _keeper = null;
    }

    private void OnLine(string? line)
    {
        lock (_log)
        {
            _log.Add(line ?? Ended);
            foreach (var waiting in _waiting.ToArray())
            {
                if (_log[^1] == Ended)
                    waiting.Said.TrySetException(new InvalidOperationException($"Redis ended without saying '{waiting.Text}':\n{string.Join('\n', _log.TakeLast(30))}"));
                else if (_log[^1].Contains(waiting.Text, StringComparison.Ordinal))
                    waiting.Said.TrySetResult(_log[^1]);
                else
                    continue;
                _waiting.Remove(waiting);
            }
        }
    }
}
