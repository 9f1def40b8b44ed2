using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Freshet.Redis.Tests.Testing;

/// <summary>What a node did in the shared store, as its metrics tell: <c>read hit</c>, <c>write stored</c>.</summary>
internal sealed class StepLog : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<string> _steps = new();

    public StepLog(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name is "freshet.store.duration")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => _steps.Enqueue($"{tags[0].Value} {tags[1].Value}"));
        _listener.Start();
    }

    public string[] All => [.. _steps];

    public int Count(string step) => _steps.Count(s => s == step);

    /// <summary>Waits until it has done so, that many times.</summary>
    public async Task DidAsync(string step, int times = 1)
    {
        try
        {
            await Node.Until(() => Count(step) >= times);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It did not come to '{step}' {times} times: {string.Join(", ", All)}.");
        }
    }

    public void Dispose() => _listener.Dispose();
}
