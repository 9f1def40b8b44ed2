namespace Freshet.AspNetCore.Http;

/// <summary>The short verdict in <c>X-Cache</c>, for people and for tools that know no <c>Cache-Status</c>.</summary>
internal static class XCache
{
    public const string HeaderName = "X-Cache";
    public const string Hit = "HIT";
    public const string Miss = "MISS";
    public const string Stale = "STALE";
    public const string Bypass = "BYPASS";

    public static string Of(CacheReason reason) => reason switch
    {
        CacheReason.Fresh or CacheReason.FreshInStore => Hit,
        CacheReason.StaleWhileRevalidate or CacheReason.StaleIfError => Stale,
        _ => CacheStatus.ForwardOf(reason) is Forward.Bypass or Forward.Method ? Bypass : Miss,
    };
}
