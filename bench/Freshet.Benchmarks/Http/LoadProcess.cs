using System.Diagnostics;
using System.Text.Json;

namespace Freshet.Benchmarks.Http;

/// <summary>The servers' end of <see cref="LoadGenerator"/>.</summary>
internal sealed class LoadProcess : IDisposable
{
    public const string Command = "load-generator";

    private readonly Process _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, Command)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        // It allocates nothing while it measures; a small heap leaves the machine to the server.
        Environment = { ["DOTNET_gcServer"] = "0", ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1" },
    })!;

    public async Task<LoadResult> RunAsync(LoadOrder order)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order));
        var line = await _process.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The load generator died.");
        var result = JsonSerializer.Deserialize<LoadResult>(line)!;
        return result.Error is null ? result : throw new InvalidOperationException($"The load failed: {result.Error}");
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // it leaves when there are no more orders
        _process.WaitForExit();
        _process.Dispose();
    }
}
