using System.Diagnostics.Metrics;

namespace MigrationPlatform.Development;

/// <summary>How many requests took the result of a load that another had begun, from the meter of Freshet.</summary>
internal sealed class CoalescedCounter : IDisposable
{
    private readonly MeterListener _listener;
    private long _count;

    public CoalescedCounter(IMeterFactory meters)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                // The meters of other applications in this process have factories of their own.
                if (instrument.Name == "freshet.loads.coalesced" && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        _listener.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref _count, count));
        _listener.Start();
    }

    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
