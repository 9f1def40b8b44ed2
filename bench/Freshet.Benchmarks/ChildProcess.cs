using System.Diagnostics;
using System.Text.Json;

namespace Freshet.Benchmarks;

/// <summary>This program once more, in a process of its own, which takes one order a line and answers with one result a line.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    public ChildProcess(string command, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, command)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = Process.Start(start)!;
    }

    /// <summary>
    /// For who makes load: it allocates nothing while it measures; a small heap leaves the machine to the server.
    /// </summary>
    public static ChildProcess Load(string command) =>
        new(command, ("DOTNET_gcServer", "0"), ("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1"));

    /// <summary>One order, one result; not for concurrent use.</summary>
    public async Task<TResult> AskAsync<TOrder, TResult>(TOrder order)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));
        var line = await _process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"{_process.StartInfo.Arguments} died.");
        return JsonSerializer.Deserialize<TResult>(line)!;
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // it leaves when there are no more orders
        _process.WaitForExit();
        _process.Dispose();
    }
}
