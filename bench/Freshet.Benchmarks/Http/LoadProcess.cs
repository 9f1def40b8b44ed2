namespace Freshet.Benchmarks.Http;

/// <summary>The servers' end of <see cref="LoadGenerator"/>.</summary>
internal sealed class LoadProcess : IDisposable
{
    public const string Command = "load-generator";

    private readonly ChildProcess _process = ChildProcess.Load(Command);

    public async Task<LoadResult> RunAsync(LoadOrder order)
    {
        var result = await _process.AskAsync<LoadOrder, LoadResult>(order);
        return result.Error is null ? result : throw new InvalidOperationException($"The load failed: {result.Error}");
    }

    public void Dispose() => _process.Dispose();
}
