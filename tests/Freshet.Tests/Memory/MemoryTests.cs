using Freshet.Memory;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Tests.Memory;

/// <summary>Makes stores, and validates every one of them after its test.</summary>
public abstract class MemoryTests : IDisposable
{
    private readonly List<MemoryStore> _stores = [];

    private protected FakeTimeProvider Time { get; } = new();

    /// <summary>The entries that the stores are told are touched.</summary>
    private protected HashSet<CacheEntry> Touched { get; } = [];

    private protected MemoryStore NewStore(long capacity = 1 << 20, long maxEntry = 1 << 20)
    {
        var store = new MemoryStore(
            new MemoryOptions { CapacityBytes = capacity, MaxEntryBytes = maxEntry },
            Time,
            Touched.Contains);
        _stores.Add(store);
        return store;
    }

    private protected CacheEntry Entry(
        string key, long fence = 1, long ticket = 1, long bytes = 100, TimeSpan? expiresIn = null, TimeSpan? staleFor = null)
    {
        var expiresAt = expiresIn is { } age ? Time.GetTimestamp() + Ticks(age) : long.MaxValue;
        return new CacheEntry
        {
            Key = key,
            Value = key,
            Bytes = bytes,
            Fence = fence,
            Ticket = ticket,
            ExpiresAt = expiresAt,
            StaleUntil = staleFor is { } grace ? expiresAt + Ticks(grace) : long.MinValue,
        };
    }

    private protected long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Time.TimestampFrequency);

    public void Dispose()
    {
        foreach (var store in _stores)
        {
            store.Validate();
            store.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
