using System.Security.Cryptography;

namespace Freshet.AspNetCore.Events;

/// <summary>The times that all connections go by, and what they count. Safe for concurrent use.</summary>
internal sealed class EventClock(TimeProvider time, CacheEventOptions options, EventMetrics metrics)
{
    /// <summary>How often connections are looked after: no more than a second, and so often that a beat is never late.</summary>
    public TimeSpan Tick { get; } = TimeSpan.FromTicks(Math.Min(TimeSpan.TicksPerSecond, options.Heartbeat.Ticks / 4));

    /// <summary>After so long a silence a beat is due: the next look would be too late.</summary>
    public TimeSpan Silence { get; } = options.Heartbeat - (2 * TimeSpan.FromTicks(Math.Min(TimeSpan.TicksPerSecond, options.Heartbeat.Ticks / 4)));

    public TimeSpan SendTimeout => options.SendTimeout;

    /// <summary>How long a client has to answer a close: one that does not must not hold up a server that stops.</summary>
    public TimeSpan CloseTimeout { get; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a client's message may be on its way, from its first byte to its last.</summary>
    public TimeSpan MessageTimeout { get; } = TimeSpan.FromSeconds(10);

    public EventMetrics Metrics => metrics;

    public long Now => time.GetTimestamp();

    /// <summary>A random time within the last <see cref="CacheEventOptions.RecheckEvery"/>: who came together is not asked about together.</summary>
    public long SomeTimeAgo => Now - (long)(RandomNumberGenerator.GetInt32(1000) / 1000.0 * options.RecheckEvery.TotalSeconds * time.TimestampFrequency);

    public DateTimeOffset UtcNow => time.GetUtcNow();

    /// <summary>Waits that long, or until it is cancelled.</summary>
    public Task WaitAsync(TimeSpan span, CancellationToken cancel) =>
        Task.Delay(span, time, cancel).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Is cancelled after that long.</summary>
    public CancellationTokenSource Limit(TimeSpan span) => new(span, time);

    public bool IsOver(long since, long now, TimeSpan span) => time.GetElapsedTime(since, now) >= span;
}
