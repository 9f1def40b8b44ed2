using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Traffic.Demo;

/// <summary>One node of the platform as a process of its own, on the SQLite database of a folder.</summary>
internal sealed class PlatformProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();
    private bool _launched;

    private PlatformProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts the platform and returns when it answers.</summary>
    /// <exception cref="DemoException">The platform does not start.</exception>
    public static async Task<PlatformProcess> StartAsync(
        string program, Uri address, DirectoryInfo folder, bool freshet, IReadOnlyDictionary<string, string> settings, TimeProvider time, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                $"--urls={address}",
                $"--Platform:DataFolder={folder.FullName}",
                $"--Freshet:Enabled={(freshet ? "true" : "false")}",
                "--Logging:LogLevel:Default=Warning",
                // A line for each request is what the development logs are for, and not what a measured run is for.
                "--Logging:LogLevel:Freshet=Warning",
            },
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["DOTNET_ENVIRONMENT"] = "Development" },
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        var platform = new PlatformProcess(new Process { StartInfo = start }, address);
        try
        {
            platform.Launch();
            await platform.AnswersAsync(time, cancel);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends when the process does.</summary>
    public Task ExitedAsync(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        if (_launched)
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Launch()
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            _launched = _process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new DemoException($"The platform cannot be started: {missing.Message}", missing);
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        // Of an exception the message says more than the frames below it.
        if (string.IsNullOrWhiteSpace(line) || line.StartsWith("   at ", StringComparison.Ordinal)) return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line.Trim());
            if (_lastLines.Count > 5) _lastLines.Dequeue();
        }
    }

    private async Task AnswersAsync(TimeProvider time, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = Address };
        var start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < StartsWithin)
        {
            if (_process.HasExited) throw new DemoException($"The platform ended with status {_process.ExitCode}: {LastLines()}");
            try
            {
                using var answer = await http.GetAsync("/dev/users", cancel);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancel);
        }

        throw new DemoException($"The platform did not answer within {StartsWithin.TotalSeconds:0} s: {LastLines()}");
    }

    private string LastLines()
    {
        lock (_lastLines) return _lastLines.Count == 0 ? "it said nothing." : string.Join(" | ", _lastLines);
    }

    /// <exception cref="DemoException">The port is in use.</exception>
    public static void CheckPort(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException busy)
        {
            throw new DemoException($"Port {port} cannot be used ({busy.Message}): choose another with --port.", busy);
        }
    }
}
