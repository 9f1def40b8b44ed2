using Freshet.Coherence;
using Freshet.Diagnostics;
using Freshet.Invalidation;
using Freshet.Loading;
using Freshet.Memory;

namespace Freshet;

/// <summary>
/// The load that is running here: what it reads becomes the dependencies of its entry. It is ambient, so data layers find
/// it without being handed anything. Safe for concurrent use; of no effect on its entry once the load has ended.
/// </summary>
/// <remarks>
/// C3: what is reported here is reported to the loads around it in the same call, so it joins them whatever way this load
/// ends, and while it still runs. Only a value that this load has not read itself is joined when it is taken
/// (<see cref="NestedRead"/>). A load that has ended has given its answer away: what is read inside it later can only feed a
/// load around it that still runs, and that one is told.
/// </remarks>
public sealed class LoadScope
{
    private static readonly AsyncLocal<LoadScope?> Ambient = new();

    private readonly Lock _gate = new();
    private readonly HashSet<EntryDependency> _dependencies = [];
    private readonly HashSet<EntryDependencies> _joined = []; // of entries that were read inside, not unpacked yet
    private readonly EntryClocks.Collector _clocks = new();
    private readonly TagClocks _tagClocks;
    private readonly Action<LoadScope>? _onRefused;
    private readonly Tag? _self;
    private readonly EntityModelSource? _model;
    private CacheReason _refusal;
    private string? _refusalDetail;
    private (CacheReason Reason, string? Detail) _doubt;
    private bool _hasEnded;

    internal LoadScope(
        TagClocks clocks, Tenant tenant, string key, Arrival arrival, LoadScope? parent, Action<LoadScope>? onRefused, Tag? self = null, EntityModelSource? model = null)
    {
        _tagClocks = clocks;
        _model = model;
        _onRefused = onRefused;
        Tenant = clocks.Known(tenant);
        Key = key;
        Fence = arrival.Tick;
        MustLoad = arrival.MustLoad;
        // Forgetting a tenant drops all that it has, be it made of public data alone.
        clocks.AddClocks(tenant, Tag.Root, _clocks);
        Parent = parent;
        _self = self;
        if (self is not null)
            DependsOn(Tenant, self);
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

    /// <summary>Whether it depends on anything but the tag of its own key.</summary>
    internal bool HasRead
    {
        get
        {
            lock (_gate)
                return _joined.Count > 0 || _dependencies.Count > (_self is null ? 0 : 1);
        }
    }

    /// <summary>Whether it depends on data, or on a tag that somebody named: the keys of data that it read are neither.</summary>
    internal bool HasDependency
    {
        get
        {
            lock (_gate)
            {
                foreach (var (_, dependency) in _dependencies)
                {
                    if (!DataKey.Is(dependency))
                        return true;
                }

                return false;
            }
        }
    }

    /// <summary>What makes the sources doubtful, whatever else stands against storing the result (C2).</summary>
    private (CacheReason Reason, string? Detail) Doubt
    {
        get
        {
            lock (_gate)
                return _doubt;
        }
    }

    internal string Key { get; }

    /// <summary>Whether the policy says that only age ends the result, whatever it was read from.</summary>
    internal bool EndsByAge { get; set; }

    internal LoadScope? Parent { get; }

    /// <summary>Whether it is a load of that application: several may run in one process.</summary>
    internal bool IsOf(TagClocks clocks) => ReferenceEquals(_tagClocks, clocks);

    /// <summary>The result is made from this, in the load's own tenant; what names entities of the model also counts where their public
    /// rows, and writes without a tenant, are logged.</summary>
    public void DependsOn(Dependency dependency)
    {
        _model?.Tags.InCode(dependency.Tag);
        DependsOnAsSpelled(dependency);
        if (_model is not { HasParts: true } model || RowSpelling.OtherOf(dependency.Tag, model.Model) is not { } other)
            return;
        // What no row has may be another name of one: any row of the type counts.
        var isSubtree = dependency.IsSubtree || other.Segments.Length == 1;
        DependsOnAsSpelled(isSubtree ? other.Subtree : other);
    }

    private void DependsOnAsSpelled(Dependency dependency)
    {
        foreach (var owner in _model?.OwnersOf(dependency.Tag, Tenant) ?? [Tenant])
            DependsOn(owner, dependency);
        if (Tenant == Tenant.Default || Tenant.IsPublic || _model is not { HasParts: true } model)
            return;
        if (dependency.Tag.Equals(Tag.Root))
            DependsOn(Tenant.Public, dependency);
        else if (model.Model.Of(dependency.Tag) is { } entity)
            DependsOn(Tenant.Public, entity.IsInTenants ? entity.TypeTag : dependency);
    }

    /// <summary>The result is made from this, in the tenant that owns it.</summary>
    public void DependsOn(Tenant tenant, Dependency dependency)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
            scope.Add(tenant, dependency);
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
        // C2, C3: doubt about the sources reaches what is made from this; a value that is merely too large leaves it alone.
        for (var scope = this; scope is not null; scope = reason.IsAboutSources() ? scope.Parent : null)
            scope.Refuse(reason, detail);
    }

    /// <summary>It reads what nobody analyses: no write would end it, unless only age is to end it.</summary>
    /// <returns>Whether that stands against storing something.</returns>
    internal bool ReadUnseen(string detail)
    {
        var counts = false;
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope.EndsByAge)
                continue;
            scope.Refuse(CacheReason.UnknownSource, detail);
            counts = true;
        }

        return counts;
    }

    /// <summary>C3: what a cached value read in this load was made from, the load is made from too.</summary>
    internal void Join(CacheEntry nested, bool isStale)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
            scope.Add(nested);
        if (isStale)
            DoNotStore(CacheReason.NestedStale);
    }

    /// <summary>C3, for a load whose result was not stored: what it has read so far, and the doubt about its sources.</summary>
    internal void Join(LoadScope nested)
    {
        var (dependencies, clocks) = nested.Snapshot();
        for (var scope = this; scope is not null; scope = scope.Parent)
            scope.Add(dependencies, clocks);
        var (doubt, detail) = nested.Doubt;
        if (doubt is not CacheReason.None)
            DoNotStore(doubt, detail);
    }

    /// <summary>The load has ended: what is read from now on cannot have fed its result.</summary>
    internal void End()
    {
        lock (_gate)
            _hasEnded = true;
    }

    internal (EntryDependency[] Dependencies, EntryClocks Clocks) Snapshot()
    {
        lock (_gate)
        {
            foreach (var entry in _joined)
                _dependencies.UnionWith(entry);
            _joined.Clear();
            return ([.. _dependencies], _clocks.ToClocks());
        }
    }

    private void Add(Tenant tenant, Dependency dependency)
    {
        lock (_gate)
        {
            if (!_hasEnded && _dependencies.Add(new EntryDependency(tenant, dependency)))
                _tagClocks.AddClocks(tenant, dependency, _clocks);
        }
    }

    private void Add(CacheEntry nested)
    {
        lock (_gate)
        {
            if (_hasEnded)
                return;
            if (!nested.Dependencies.IsEmpty)
                _joined.Add(nested.Dependencies);
            _clocks.Add(nested.Clocks);
        }
    }

    private void Add(EntryDependency[] dependencies, EntryClocks clocks)
    {
        lock (_gate)
        {
            if (_hasEnded)
                return;
            foreach (var dependency in dependencies)
                _dependencies.Add(dependency);
            _clocks.Add(clocks);
        }
    }

    private void Refuse(CacheReason reason, string? detail)
    {
        lock (_gate)
        {
            if (_hasEnded)
                return;
            if (_doubt.Reason is CacheReason.None && reason.IsAboutSources())
                _doubt = (reason, detail);
            if (_refusal is not CacheReason.None)
                return;
            (_refusal, _refusalDetail) = (reason, detail);
        }

        _onRefused?.Invoke(this);
    }
}
