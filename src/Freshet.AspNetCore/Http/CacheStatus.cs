using System.Globalization;
using System.Text;
using Freshet.Diagnostics;

namespace Freshet.AspNetCore.Http;

/// <summary>Why a request went forward to the handler: the <c>fwd</c> parameter of RFC 9211 §2.2.</summary>
internal enum Forward : byte
{
    /// <summary>It did not: a hit.</summary>
    None,
    UriMiss,
    Stale,
    Request,
    Method,
    Bypass,
}

/// <summary>
/// The <c>Cache-Status</c> field, RFC 9211. The reason is its <c>detail</c>. The key is never named (§2.7): it holds whatever
/// tells users apart.
/// </summary>
internal static class CacheStatus
{
    public const string CacheName = "Freshet";

    public static Forward ForwardOf(CacheReason reason) => reason switch
    {
        CacheReason.Fresh or CacheReason.FreshInStore or CacheReason.StaleWhileRevalidate or CacheReason.StaleIfError => Forward.None,
        CacheReason.Expired or CacheReason.Touched or CacheReason.NoContact => Forward.Stale,
        CacheReason.Session or CacheReason.RequestDirective or CacheReason.RequestNotCacheable => Forward.Request,
        CacheReason.Method => Forward.Method,
        CacheReason.NoPolicy or CacheReason.Disabled or CacheReason.Condition or CacheReason.AuthorizationNotRun
            or CacheReason.ScopeUnknown or CacheReason.KeyInvalid or CacheReason.HitForPass or CacheReason.CacheFault => Forward.Bypass,
        _ => Forward.UriMiss,
    };

    /// <summary>The field of a hit.</summary>
    /// <param name="reason">Why it was one.</param>
    /// <param name="secondsLeft">The rest of its lifetime in seconds; negative once it is stale (§2.5).</param>
    public static string Hit(CacheReason reason, long secondsLeft) =>
        string.Create(CultureInfo.InvariantCulture, $"{CacheName}; hit; ttl={secondsLeft}; detail={reason.Text()}");

    /// <summary>The field of an answer that the handler gave.</summary>
    /// <param name="forward">Why it was asked.</param>
    /// <param name="status">What it answered with (§2.3), when it was asked.</param>
    /// <param name="stored">Whether its answer was stored (§2.6).</param>
    /// <param name="collapsed">Whether another request's load gave the answer (§2.4).</param>
    /// <param name="detail">The reason.</param>
    /// <param name="lifetime">How long the answer is fresh (§2.5), said when others get it too.</param>
    public static string Forwarded(Forward forward, int status, bool stored, bool collapsed, CacheReason detail, TimeSpan lifetime = default)
    {
        var text = new StringBuilder(CacheName, 96).Append("; fwd=").Append(Token(forward));
        if (status > 0)
            text.Append(CultureInfo.InvariantCulture, $"; fwd-status={status}");
        if (stored)
            text.Append("; stored");
        if (collapsed)
            text.Append("; collapsed");
        if ((stored || collapsed) && lifetime > TimeSpan.Zero)
            text.Append(CultureInfo.InvariantCulture, $"; ttl={(long)lifetime.TotalSeconds}");
        return text.Append("; detail=").Append(detail.Text()).ToString();
    }

    private static string Token(Forward forward) => forward switch
    {
        Forward.UriMiss => "uri-miss",
        Forward.Stale => "stale",
        Forward.Request => "request",
        Forward.Method => "method",
        _ => "bypass",
    };
}
