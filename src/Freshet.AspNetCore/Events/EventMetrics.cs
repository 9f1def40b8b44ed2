using System.Diagnostics.Metrics;

namespace Freshet.AspNetCore.Events;

/// <summary>What connections count, under the meter <c>Freshet</c>; no tenant and no user is a label.</summary>
internal sealed class EventMetrics(IMeterFactory meters, ILogger<CacheEventManager> log)
{
    private readonly Meter _meter = meters.Create("Freshet");
    private Counter<long>? _sent;
    private Counter<long>? _closed;

    public void Observe(Func<int> connections)
    {
        _meter.CreateObservableUpDownCounter("freshet.events.connections", connections, "{connection}", "Clients that hear events.");
        _sent = _meter.CreateCounter<long>("freshet.events.sent", "{message}", "Messages sent to clients.");
        _closed = _meter.CreateCounter<long>("freshet.events.closed", "{connection}", "Connections that the server closed, by code.");
    }

    public void Faulted(Exception fault) => EventLog.Fault(log, fault);

    public void Sent() => _sent?.Add(1);

    public void Closed(int code) => _closed?.Add(1, new KeyValuePair<string, object?>("freshet.close_code", code));
}
