using System.Collections.Concurrent;

namespace MigrationPlatform.Development;

/// <summary>Makes the loads of a route slow or fail, to see what the cache does about it.</summary>
internal sealed class Faults(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Fault> _faults = new(StringComparer.Ordinal);

    public void Set(string path, Fault fault) => _faults[path] = fault;

    public void Clear() => _faults.Clear();

    /// <summary>
    /// Runs a load. It is delayed after its handler has read what it needs: that is the load that a careless cache stores
    /// although the data has changed meanwhile.
    /// </summary>
    public async Task RunAsync(string path, Func<Task> load, CancellationToken cancel)
    {
        var fault = _faults.GetValueOrDefault(path);
        if (fault is { Fail: true }) throw new InvalidOperationException($"The loads of {path} were told to fail.");
        await load();
        if (fault is not null) await Task.Delay(fault.Delay, time, cancel);
    }
}

internal sealed record Fault(TimeSpan Delay, bool Fail);
