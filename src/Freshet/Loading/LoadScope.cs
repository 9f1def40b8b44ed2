using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Loading;
using Freshet.Memory;

namespace Freshet;

/// <summary>
/// The load that is running here: what it reads becomes the dependencies of its entry. It is ambient, so data layers find
/// it without being handed anything. Safe for concurrent use; of no effect once the load has ended.
/// </summary>
public sealed class LoadScope
{
    private static readonly AsyncLocal<LoadScope?> Ambient = new();

    private readonly Lock _gate = new();
    private readonly HashSet<EntryDependency> _dependencies = [];
    private readonly HashSet<int> _clocks = [];
    private readonly TagClocks _tagClocks;
    private readonly Action<LoadScope>? _onRefused;
    private CacheReason _refusal;
    private string? _refusalDetail;

    internal LoadScope(TagClocks clocks, Tenant tenant, string key, Arrival arrival, LoadScope? parent, Action<LoadScope>? onRefused)
    {
        _tagClocks = clocks;
        _onRefused = onRefused;
        Tenant = tenant;
        Key = key;
        Fence = arrival.Tick;
        MustLoad = arrival.MustLoad;
        // Forgetting a tenant drops all that it has, be it made of public data alone.
        clocks.AddClocks(tenant, Tag.Root, _clocks);
        Parent = parent;
    }

    /// <summary>The load that runs in this flow of control, the innermost when loads are nested; null outside of loads.</summary>
    public static LoadScope? Current
    {
        get => Ambient.Value;
        internal set => Ambient.Value = value;
    }

    /// <summary>Whose entry is loaded.</summary>
    public Tenant Tenant { get; }

    /// <summary>Why the result will be neither stored nor shared; <see cref="CacheReason.None"/> while nothing stands against it.</summary>
    public CacheReason Refusal
    {
        get
        {
            lock (_gate)
                return _refusal;
        }
    }

    /// <summary>What exactly stands against storing the result, for people; null when the reason says it all.</summary>
    internal string? RefusalDetail
    {
        get
        {
            lock (_gate)
                return _refusalDetail;
        }
    }

    /// <summary>The tick that was known before the load began (C1).</summary>
    internal long Fence { get; }

    /// <summary>Whether nothing that was loaded before may take part (C10).</summary>
    internal bool MustLoad { get; }

    internal string Key { get; }

    internal LoadScope? Parent { get; }

    /// <summary>The result is made from this, in the load's own tenant.</summary>
    public void DependsOn(Dependency dependency) => DependsOn(Tenant, dependency);

    /// <summary>The result is made from this, in the tenant that owns it.</summary>
    public void DependsOn(Tenant tenant, Dependency dependency)
    {
        lock (_gate)
        {
            if (_dependencies.Add(new EntryDependency(tenant, dependency)))
                _tagClocks.AddClocks(tenant, dependency, _clocks);
        }
    }

    /// <summary>
    /// The result is neither stored nor shared; who waits for it is released at once and loads for himself. The first
    /// reason stands.
    /// </summary>
    public void DoNotStore(CacheReason reason) => DoNotStore(reason, null);

    /// <inheritdoc cref="DoNotStore(CacheReason)"/>
    /// <param name="reason">What logs, metrics and headers say.</param>
    /// <param name="detail">What a warning about the endpoint adds: the cause, without a key, a value or a tenant.</param>
    internal void DoNotStore(CacheReason reason, string? detail)
    {
        if (reason is CacheReason.None)
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "Name the reason.");
        lock (_gate)
        {
            if (_refusal is not CacheReason.None)
                return;
            (_refusal, _refusalDetail) = (reason, detail);
        }

        _onRefused?.Invoke(this);
    }

    /// <summary>C3: what a cached value read in this load was made from, the load is made from too.</summary>
    internal void Join(CacheEntry nested, bool isStale)
    {
        lock (_gate)
        {
            foreach (var dependency in nested.Dependencies)
                _dependencies.Add(dependency);
            foreach (var clock in nested.Clocks)
                _clocks.Add(clock);
        }

        if (isStale)
            DoNotStore(CacheReason.NestedStale);
    }

    /// <summary>C3, for a nested load whose result was not stored: its dependencies, and what stood against storing it.</summary>
    internal void Join(LoadScope nested)
    {
        var (dependencies, clocks) = nested.Snapshot();
        lock (_gate)
        {
            foreach (var dependency in dependencies)
                _dependencies.Add(dependency);
            foreach (var clock in clocks)
                _clocks.Add(clock);
        }

        if (nested.Refusal is not CacheReason.None and var refusal && refusal.IsAboutSources())
            DoNotStore(refusal, nested.RefusalDetail);
    }

    internal (EntryDependency[] Dependencies, int[] Clocks) Snapshot()
    {
        lock (_gate)
        {
            var clocks = _clocks.ToArray();
            Array.Sort(clocks);
            return ([.. _dependencies], clocks);
        }
    }
}
