using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>One encoding of a stored answer, with the entity tag of its own that RFC 9110 §8.8.3.3 asks for.</summary>
/// <param name="Coding">The content coding; null for identity.</param>
/// <param name="Body">The encoded bytes.</param>
/// <param name="ETag">The strong entity tag.</param>
internal sealed record StoredVariant(string? Coding, byte[] Body, string ETag);

/// <summary>
/// An answer as it is stored: everything that a hit sends is made beforehand, so that a hit only copies. Immutable, but for
/// what is derived from it and kept.
/// </summary>
internal sealed class StoredResponse
{
    // What an entry of this kind occupies besides its body: this object, its texts and its heads.
    private const int OverheadBytes = 600;

    private readonly Lock _gate = new();
    private volatile StoredVariant[] _variants = [];
    private volatile Head? _head;
    private bool _isRefreshing;

    public required int StatusCode { get; init; }

    public required StoredVariant Identity { get; init; }

    public required string? ContentType { get; init; }

    public required string? LastModified { get; init; }

    public required string CacheControl { get; init; }

    /// <summary>The whole <c>Vary</c> field, or null.</summary>
    public required string? Vary { get; init; }

    /// <summary>The whole <c>Cache-Groups</c> field (RFC 9875), or null.</summary>
    public string? Groups { get; init; }

    /// <summary>The other fields that the handler set.</summary>
    public required KeyValuePair<string, StringValues>[] Headers { get; init; }

    public required FreshnessLimits Limits { get; init; }

    /// <summary>Whether ResponseCompression would compress it for a client that accepts a coding.</summary>
    public required bool IsCompressible { get; init; }

    /// <summary>Its size for the memory tier; room is kept for two encoded variants.</summary>
    public long Bytes
    {
        get
        {
            var size = OverheadBytes + ((IsCompressible ? 3L : 1L) * Identity.Body.Length) + (2L * (Groups?.Length ?? 0));
            foreach (var (name, values) in Headers)
                size += 2L * (name.Length + values.ToString().Length);
            return size;
        }
    }

    /// <summary>The fields that change with its age, in whole seconds; made once for each second in which they are sent.</summary>
    public Head HeadAt(TimeSpan age, CacheReason reason)
    {
        var seconds = (long)age.TotalSeconds;
        var head = _head;
        if (head is not null && head.Seconds == seconds && head.Reason == reason)
            return head;
        var left = (long)Limits.Lifetime.TotalSeconds - seconds;
        return _head = new Head(seconds, reason, seconds.ToString(CultureInfo.InvariantCulture), CacheStatus.Hit(reason, left));
    }

    /// <summary>The variant of that coding, encoded when it is first asked for and kept.</summary>
    /// <param name="coding">Its name, such as <c>br</c>.</param>
    /// <param name="state">Given to <paramref name="encode"/>, so that a hit makes no closure.</param>
    /// <param name="encode">Encodes identity.</param>
    public StoredVariant Variant<TState>(string coding, TState state, Func<TState, byte[], byte[]> encode)
    {
        if (Find(coding) is { } known)
            return known;

        lock (_gate)
        {
            if (Find(coding) is { } made)
                return made;
            // Kept even when it saves nothing: ResponseCompression further out would encode identity under identity's tag.
            var variant = new StoredVariant(coding, encode(state, Identity.Body), TagOf(coding));
            _variants = [.. _variants, variant];
            return variant;
        }
    }

    /// <summary>Whether the caller is to refresh it; one at a time.</summary>
    public bool TryBeginRefresh() => !Interlocked.Exchange(ref _isRefreshing, true);

    public void EndRefresh() => Volatile.Write(ref _isRefreshing, false);

    private StoredVariant? Find(string coding)
    {
        foreach (var variant in _variants)
        {
            if (variant.Coding == coding)
                return variant;
        }

        return null;
    }

    // The version stays at the end, where If-Match looks for it.
    private string TagOf(string coding)
    {
        var tag = Identity.ETag;
        var dot = ContentTag.TryReadVersion(tag, out _) ? tag.LastIndexOf('.') : tag.Length - 1;
        return $"{tag[..dot]}-{coding}{tag[dot..]}";
    }

    /// <summary>The fields of a hit that change with its age.</summary>
    internal sealed record Head(long Seconds, CacheReason Reason, string Age, string CacheStatus);
}
