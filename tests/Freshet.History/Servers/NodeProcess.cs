using System.Diagnostics;
using System.Globalization;
using Freshet.History.Nodes;

namespace Freshet.History.Servers;

/// <summary>A node as a process of its own, which can be killed and started again. It ends with this process.</summary>
internal sealed class NodeProcess(int index, NodeOptions options) : IAsyncDisposable
{
    private readonly Queue<string> _lastLines = new();
    private Process? _process;
    private volatile Life? _life;

    public int Index => index;

    /// <summary>The life that runs; null while the node is away.</summary>
    public Life? Running => _life;

    /// <summary>Starts it, and waits until it serves.</summary>
    /// <exception cref="InvalidOperationException">It ended instead.</exception>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "Freshet.History"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in options.ToArguments())
            start.ArgumentList.Add(argument);
        // A small heap each: several of them share the machine.
        start.Environment["DOTNET_gcServer"] = "0";
        _process = Process.Start(start)!;
        var serves = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) => Take(line.Data, serves);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _life = new Life(new NodeClient(await serves.Task));
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        var (process, life) = (_process, _life);
        (_process, _life) = (null, null);
        if (process is null)
            return;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        life?.Client.Dispose();
    }

    /// <summary>What it said last, of its errors.</summary>
    public string LastLines()
    {
        lock (_lastLines)
            return string.Create(CultureInfo.InvariantCulture, $"node {index}: {(_lastLines.Count == 0 ? "it said nothing." : string.Join(" | ", _lastLines))}");
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private void Take(string? line, TaskCompletionSource<int> serves)
    {
        if (line?.StartsWith(NodeProgram.Ready, StringComparison.Ordinal) == true)
            serves.TrySetResult(int.Parse(line.AsSpan(NodeProgram.Ready.Length), CultureInfo.InvariantCulture));
        else if (line is null)
            serves.TrySetException(new InvalidOperationException($"A node ended before it served: {LastLines()}"));
        else
            Keep(line);
    }

    private void Keep(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line.Trim());
            if (_lastLines.Count > 12)
                _lastLines.Dequeue();
        }
    }

    /// <summary>From a start to a kill.</summary>
    internal sealed record Life(NodeClient Client);
}
