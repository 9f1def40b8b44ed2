using System.Diagnostics;
using System.Diagnostics.Metrics;
using Freshet.Storage;

namespace Freshet.Diagnostics;

/// <summary>
/// The instruments of the engine, under the meter <c>Freshet</c>. No tenant, user, key or id is ever a label.
/// </summary>
internal sealed class CacheMetrics : IDisposable
{
    public const string MeterName = "Freshet";

    private readonly Meter _meter;
    private readonly Counter<long> _verdicts;
    private readonly Counter<long> _coalesced;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _touches;
    private readonly Counter<long> _contactLost;
    private readonly Counter<long> _wroteLate;
    private readonly Histogram<double> _loads;
    private readonly Histogram<double> _steps;

    public CacheMetrics(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _verdicts = _meter.CreateCounter<long>("freshet.requests", "{request}", "Requests by where they were answered from and why.");
        _coalesced = _meter.CreateCounter<long>("freshet.loads.coalesced", "{request}", "Requests that took the result of another's load.");
        _failed = _meter.CreateCounter<long>("freshet.loads.failed", "{load}", "Loads that threw.");
        _loads = _meter.CreateHistogram<double>("freshet.load.duration", "s", "How long loads took.");
        _steps = _meter.CreateHistogram<double>("freshet.store.duration", "s", "Steps in the shared store, by what became of them.");
        _touches = _meter.CreateCounter<long>("freshet.invalidations", "{record}", "Records appended to logs.");
        _wroteLate = _meter.CreateCounter<long>("freshet.answers.held", "{answer}", "Answers whose head does not tell all that was written: they ended once it showed, or pending.");
        _contactLost = _meter.CreateCounter<long>("freshet.contact.lost", "{loss}", "How often contact with a shared log, or with its server, ended, by reason.");
    }

    public void Verdict(string source, CacheReason reason)
    {
        if (_verdicts.Enabled)
            _verdicts.Add(1, new KeyValuePair<string, object?>("freshet.source", source), new KeyValuePair<string, object?>("freshet.reason", reason.Text()));
    }

    public void Coalesced() => _coalesced.Add(1);

    public void Loaded(TimeSpan took) => _loads.Record(took.TotalSeconds);

    public void LoadFailed() => _failed.Add(1);

    public void Invalidated() => _touches.Add(1);

    public void WroteLate(bool isPending) => _wroteLate.Add(1, new KeyValuePair<string, object?>("freshet.pending", isPending));

    /// <param name="reason">One of a fixed vocabulary.</param>
    public void ContactLost(string reason) => _contactLost.Add(1, new KeyValuePair<string, object?>("freshet.reason", reason));

    /// <param name="step">One of <see cref="StoreSteps"/>.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="took">How long it took.</param>
    public void StoreStep(string step, StoreOutcome outcome, TimeSpan took)
    {
        if (_steps.Enabled)
            _steps.Record(took.TotalSeconds, new KeyValuePair<string, object?>("freshet.step", step), new KeyValuePair<string, object?>("freshet.outcome", outcome.Text()));
    }

    /// <summary>Registers what is read when it is asked for.</summary>
    public void Observe(Func<long> bytes, Func<long> entries, Func<long> exhausted)
    {
        _meter.CreateObservableUpDownCounter("freshet.memory.bytes", bytes, "By", "Bytes that the memory tier holds.");
        _meter.CreateObservableUpDownCounter("freshet.memory.entries", entries, "{entry}", "Entries in the memory tier.");
        _meter.CreateObservableCounter("freshet.loads.exhausted", exhausted, "{load}", "Loads that went ahead without a place.");
    }

    /// <summary>Registers what is read of shared logs when it is asked for.</summary>
    public void ObserveLogs(Func<long> followed, Func<long> pending)
    {
        _meter.CreateObservableUpDownCounter("freshet.logs.followed", followed, "{log}", "Shared logs that this node follows.");
        _meter.CreateObservableUpDownCounter("freshet.logs.pending", pending, "{write}", "Writes that wait to be logged.");
    }

    public void Dispose() => _meter.Dispose();
}

/// <summary>The activities of the engine, under the source <c>Freshet</c>.</summary>
internal static class FreshetActivities
{
    public static ActivitySource Source { get; } = new("Freshet");

    public static Activity? StartLoad() => Source.StartActivity("freshet.load");
}
