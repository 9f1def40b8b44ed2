using Freshet.Coherence;
using Freshet.Memory;
using Freshet.Storage;

namespace Freshet.Tests.Shared;

/// <summary>Logs that other nodes are said to share: embedded ones, whose contact a test switches off and on.</summary>
internal sealed class SwitchedLogs(TagClocks clocks) : IInvalidationStore
{
    private readonly EmbeddedStore _logs = new(clocks, 1024);
    private volatile bool _isCut;

    public bool IsShared => true;

    /// <summary>Whether no log is in contact.</summary>
    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    public void OnMoved(Action<Tenant> takeNote) => _logs.OnMoved(takeNote);

    public ValueTask<Position?> AppendAsync(Tenant tenant, IReadOnlyList<Tag> tags, ChangeSummary change) => _logs.AppendAsync(tenant, tags, change);

    public LogReading ReadAfter(Tenant tenant, Position position) => _logs.ReadAfter(tenant, position);

    public Position Applied(Tenant tenant) => _logs.Applied(tenant);

    public bool Covers(Tenant tenant, Position position) => _logs.Covers(tenant, position);

    public bool IsInContact(long now) => !_isCut;

    public bool InContact(Tenant tenant, long now) => !_isCut;

    public bool InContact(CacheEntry entry, long now) => !_isCut;
}
