using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Traffic.Demo;

/// <summary>A throw-away redis-server from the distribution's package, on a free loopback port, that saves nothing. It ends with the demo.</summary>
internal sealed class LocalRedis : IAsyncDisposable
{
    private const string Serves = "Ready to accept connections";
    private const string PortTaken = "Address already in use";
    private const int Attempts = 5;

    private readonly TaskCompletionSource<string?> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;
    private string _lastLine = "it said nothing.";

    private LocalRedis(int port)
    {
        Address = string.Create(CultureInfo.InvariantCulture, $"redis://127.0.0.1:{port}");
        var start = new ProcessStartInfo("redis-server") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Folder.FullName])
            start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
    }

    public string Address { get; }

    public DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("freshet-demo-redis-");

    /// <exception cref="DemoException">There is no redis-server, or it does not start.</exception>
    public static async Task<LocalRedis> StartAsync(CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            var server = new LocalRedis(FreePort());
            try
            {
                server.Launch();
                if (await server._started.Task.WaitAsync(cancel) is not { } problem) return server;
                await server.DisposeAsync();
                // Between looking for a free port and taking it, somebody else may take it.
                if (attempt == Attempts || !problem.Contains(PortTaken, StringComparison.Ordinal))
                    throw new DemoException($"redis-server did not start: {problem}");
            }
            catch (System.ComponentModel.Win32Exception missing)
            {
                server.Folder.Delete(recursive: true);
                throw new DemoException("--redis local needs redis-server; on Debian and Ubuntu: apt-get install redis-server.", missing);
            }
            catch (OperationCanceledException)
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Folder.Delete(recursive: true);
    }

    private void Launch()
    {
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
    }

    private void OnLine(string? line)
    {
        if (line is null) _started.TrySetResult(_lastLine);
        else if (line.Contains(Serves, StringComparison.Ordinal)) _started.TrySetResult(null);
        else if (line.Contains(PortTaken, StringComparison.Ordinal)) _started.TrySetResult(line);
        else if (line.Length > 0) _lastLine = line;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
