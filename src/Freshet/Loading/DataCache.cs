using System.Runtime.CompilerServices;
using Freshet.Invalidation;
using Freshet.Keys;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Options;

namespace Freshet.Loading;

/// <summary>
/// Data instead of responses: the <see cref="HybridCache"/> abstraction on the coherent engine, so that code written for
/// it gets coherence without a change. Keys live within the current tenant; a tag is a path such as <c>import/42</c>.
/// </summary>
internal sealed class DataCache(
    CacheEngine engine, TenantContext tenants, DataSerializers serializers, AgingData aging, EntityModelSource model, IOptions<FreshetOptions> options) : HybridCache
{
    private readonly TimeSpan _defaultLifetime = options.Value.DefaultLifetime;
    private readonly bool _enabled = options.Value.Enabled;

    /// <inheritdoc/>
    [SkipLocalsInit] // the key's buffer is written before it is read
    public override ValueTask<T> GetOrCreateAsync<TState, T>(
        string key,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCacheEntryOptions? options = null,
        IEnumerable<string>? tags = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(factory);
        var flags = options?.Flags ?? HybridCacheEntryFlags.None;
        if (!_enabled)
            return flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData) ? default : factory(state, cancellationToken);

        var scope = LoadScope.Current;
        var arrival = scope is null && PositionsAhead.Current is { } ahead ? ahead.Arrive(engine) : engine.ArriveIn(scope); // C10
        var tenant = tenants.Current;
        var form = serializers.For<T>();
        var writer = Write(stackalloc char[256], tenant, key, form.KeyPrefix);
        var why = CacheReason.RequestDirective;
        string written;
        try
        {
            if (!flags.HasFlag(HybridCacheEntryFlags.DisableLocalCacheRead))
            {
                why = engine.Look(writer.Written, arrival, out var entry);
                if (why is CacheReason.Fresh)
                {
                    scope?.Join(entry!, isStale: false); // C3
                    return new ValueTask<T>(form.Read(entry!.Value));
                }
            }

            // Inside a load it matters that nothing is there (C3).
            if (scope is null && flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData) && (!engine.SharesValues || flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheRead)))
                return default;
            written = writer.ToString();
        }
        finally
        {
            writer.Dispose();
        }

        var request = new LoadRequest(tenant, arrival, why, null!, form, SkipsOf(flags), options?.LocalCacheExpiration, DataKey.TagOf(key));
        return flags.HasFlag(HybridCacheEntryFlags.DisableUnderlyingData)
            ? FindStoredAsync(written, request, form, cancellationToken)
            : LoadAsync(written, request, form, state, factory, LifetimeOf(options), tags, cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask SetAsync<T>(
        string key, T value, HybridCacheEntryOptions? options = null, IEnumerable<string>? tags = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!_enabled)
            return;

        var tenant = tenants.Current;
        var form = serializers.For<T>();
        var written = WriteKey(tenant, key, form.KeyPrefix);
        // The value takes the place of every earlier one, on every node and in every load that is running (C9).
        var self = DataKey.TagOf(key);
        await engine.InvalidateKeyAsync(tenant, self).ConfigureAwait(false);
        var arrival = engine.Arrive();
        var skips = SkipsOf(options?.Flags ?? HybridCacheEntryFlags.None);
        var request = new LoadRequest(tenant, arrival, CacheReason.HitForPass, Load, form, skips, options?.LocalCacheExpiration, self);
        await engine.LoadAsync(written, request, cancellationToken).ConfigureAwait(false);

        async ValueTask<Loaded> Load(LoadScope scope, CancellationToken cancel)
        {
            await DeclareAsync(scope, self, tags).ConfigureAwait(false);
            var stored = form.Write(value, out var bytes);
            return new Loaded(stored, bytes, LifetimeOf(options));
        }
    }

    /// <inheritdoc/>
    public override async ValueTask RemoveAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await engine.InvalidateKeyAsync(tenants.Current, DataKey.TagOf(key)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tag);
        // HybridCache's own word for "everything".
        var named = tag == "*" ? Tag.Root : ToTag(tag);
        model.Tags.InCode(named);
        await engine.InvalidateNamedAsync(model.OwnersOf(named, tenants.Current), model.SpellingsOf(named)).ConfigureAwait(false);
    }

    private async ValueTask<T> FindStoredAsync<T>(string written, LoadRequest request, DataForm<T> form, CancellationToken cancel) =>
        await engine.FindStoredAsync(written, request, cancel).ConfigureAwait(false) is { } entry ? form.Read(entry.Value) : default!;

    private async ValueTask<T> LoadAsync<TState, T>(
        string written,
        LoadRequest request,
        DataForm<T> form,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        TimeSpan lifetime,
        IEnumerable<string>? tags,
        CancellationToken cancel)
    {
        var load = engine.LoadAsync(written, request with { Load = Load }, cancel);
        var outcome = await (load.IsCompletedSuccessfully || !cancel.CanBeCanceled ? load : new(UntilCancelledAsync(load.AsTask(), cancel))).ConfigureAwait(false);
        return outcome.Value is Unstored<T> own ? own.Value : form.Read(outcome.Value!);

        async ValueTask<Loaded> Load(LoadScope scope, CancellationToken loadCancel)
        {
            await DeclareAsync(scope, request.Self!, tags).ConfigureAwait(false);
            var value = await factory(state, loadCancel).ConfigureAwait(false);
            aging.Note(scope, factory, state);
            // In no tier, so nobody waits for it.
            if (request.Skips.HasFlag(TierSkips.MemoryWrite) && (!engine.SharesValues || request.Skips.HasFlag(TierSkips.SharedWrite)))
                scope.DoNotStore(CacheReason.RequestDirective);
            if (scope.Refusal is not CacheReason.None)
                return new Loaded(new Unstored<T>(value), 0, default);
            var stored = form.Write(value, out var bytes);
            return new Loaded(stored, bytes, lifetime);
        }
    }

    // The load goes on for the others when this caller leaves; the caller leaves at once.
    private static async Task<LoadOutcome> UntilCancelledAsync(Task<LoadOutcome> load, CancellationToken cancel)
    {
        try
        {
            return await load.WaitAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            // C3: what it has yet to read is not known.
            if (!load.IsCompleted)
                LoadScope.Current?.DoNotStore(CacheReason.NestedUnknown);
        }
    }

    private static TierSkips SkipsOf(HybridCacheEntryFlags flags) =>
        (flags.HasFlag(HybridCacheEntryFlags.DisableLocalCacheWrite) ? TierSkips.MemoryWrite : TierSkips.None)
        | (flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheRead) ? TierSkips.SharedRead : TierSkips.None)
        | (flags.HasFlag(HybridCacheEntryFlags.DisableDistributedCacheWrite) ? TierSkips.SharedWrite : TierSkips.None);

    private TimeSpan LifetimeOf(HybridCacheEntryOptions? entry) => entry?.Expiration ?? entry?.LocalCacheExpiration ?? _defaultLifetime;

    private async ValueTask DeclareAsync(LoadScope scope, Tag self, IEnumerable<string>? tags)
    {
        if (scope.Tenant.IsPublic && !await engine.PublicKeys.TryAddAsync(self).ConfigureAwait(false))
            scope.DoNotStore(CacheReason.NoContact);
        foreach (var named in tags ?? [])
        {
            var dependency = ToDependency(named);
            scope.DependsOn(dependency);
            // HybridCache promises that removing the same text ends the entry.
            if (dependency.IsSubtree)
                scope.DependsOn(ToTag(named));
        }
    }

    // "import/**" is every import; it can be depended on, and what is touched is a tag.
    private static Dependency ToDependency(string text) =>
        text == "**" ? Tag.Root.Subtree
        : text.EndsWith("/**", StringComparison.Ordinal) && Tag.TryParse(text[..^3], out var tag, out _) ? tag.Subtree
        : ToTag(text);

    // Whatever is not a path is one segment, so every string that HybridCache takes as a tag is a tag here.
    private static Tag ToTag(string text) => Tag.TryParse(text, out var tag, out _) && !tag.Equals(Tag.Root) ? tag : Tag.Of(text);

    private static string WriteKey(Tenant tenant, string key, string prefix)
    {
        using var writer = Write(stackalloc char[256], tenant, key, prefix);
        return writer.ToString();
    }

    private static KeyWriter Write(Span<char> buffer, Tenant tenant, string key, string prefix)
    {
        var writer = new KeyWriter(buffer);
        writer.AppendWritten(prefix);
        writer.AppendChecked(tenant.Id);
        // Any text is a key. One that cannot be a part is written as its hash, behind a null that no other key has.
        if (KeyPart.Check(key) is not KeyPartError.None)
        {
            writer.AppendNull();
            key = KeyPart.Hash(key);
        }

        writer.Append(key, "key");
        return writer;
    }

    // A value that nobody shares is handed on as it is, without being written and read.
    private sealed record Unstored<T>(T Value);
}
