using System.Collections.Concurrent;
using Freshet.Coherence;
using Freshet.Loading;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Tests.Loading;

/// <summary>A shared store of one key that a test writes: it says what it is asked, and answers what it is told.</summary>
internal sealed class FakeEntryStore : IEntryStore, IEntrySlot
{
    public ConcurrentQueue<string> Asked { get; } = new();

    public CacheEntry? Stored { get; set; }

    public bool IsHeld { get; set; }

    public TimeSpan HeldFor { get; set; } = TimeSpan.FromSeconds(2);

    public string[] Log => [.. Asked];

    public long? HolderFence { get; set; }

    public string Key { get; private set; } = "";

    public IEntrySlot Open(Tenant tenant, string key, ValueCodec codec, TimeSpan? memoryLifetime)
    {
        Key = key;
        return this;
    }

    public ValueTask<EntryReading> ReadAsync(long ticket, CancellationToken cancel)
    {
        Asked.Enqueue("read");
        return new(Reading());
    }

    public ValueTask<LeaseReply> LeaseAsync(long fence)
    {
        Asked.Enqueue("lease");
        return new(IsHeld ? new LeaseReply(StoreOutcome.Held, HeldFor, HolderFence) : new LeaseReply(StoreOutcome.Granted));
    }

    public ValueTask<EntryReading> PollAsync(long ticket, CancellationToken cancel)
    {
        Asked.Enqueue("poll");
        return new(Reading() with { IsLeased = IsHeld });
    }

    public void Store(CacheEntry entry, TimeSpan lifetime, TimeSpan staleFor) => Asked.Enqueue($"store {entry.Value}");

    public void Release() => Asked.Enqueue("release");

    private EntryReading Reading() => Stored is null ? new(null, StoreOutcome.Absent) : new(Stored, StoreOutcome.Hit);
}

/// <summary>The embedded store, with a shared store of values beside it.</summary>
internal sealed class SharingStore(TagClocks clocks, IEntryStore entries) : IInvalidationStore
{
    private readonly EmbeddedStore _logs = new(clocks, 64);

    public bool IsShared => true;

    public bool HasContact { get; set; } = true;

    public IEntryStore? Entries => entries;

    public void OnMoved(Action<Tenant> takeNote) => _logs.OnMoved(takeNote);

    public ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change) => _logs.AppendAsync(tenant, tags, change);

    public LogReading ReadAfter(Tenant tenant, Position position) => _logs.ReadAfter(tenant, position);

    public Position Applied(Tenant tenant) => _logs.Applied(tenant);

    public bool Covers(Tenant tenant, Position position) => _logs.Covers(tenant, position);

    public bool IsInContact(long now) => HasContact;

    public bool InContact(Tenant tenant, long now) => HasContact;

    public bool InContact(CacheEntry entry, long now) => HasContact;
}
