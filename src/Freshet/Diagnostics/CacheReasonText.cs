using System.Text;

namespace Freshet.Diagnostics;

/// <summary>The text form of reasons, made once: kebab case, as in <c>touched-during-load</c>; and what to do about each.</summary>
internal static class CacheReasonText
{
    private static readonly string[] Texts = [.. Enum.GetNames<CacheReason>().Select(Kebab)];

    public static string Text(this CacheReason reason) => Texts[(int)reason];

    /// <summary>A reason in a sentence or two: what it means, and what to write where it is not wanted.</summary>
    public static string Advice(this CacheReason reason) => reason switch
    {
        CacheReason.None => "The cache has not judged the request yet.",
        CacheReason.Fresh or CacheReason.FreshInStore or CacheReason.Coalesced => "It was answered from the cache; there is nothing to do.",
        CacheReason.StaleWhileRevalidate => "It is past its lifetime and being loaded anew. A longer .For(…) makes that rarer.",
        CacheReason.StaleIfError => "It is past its lifetime, and its load failed. Look at the error of the handler.",
        CacheReason.Absent => "Nothing is stored under the key yet.",
        CacheReason.Expired => "It was past its lifetime. A longer .For(…) makes that rarer.",
        CacheReason.Touched => "Something that it was made from has been written since. Where that is too often, read less, or by key.",
        CacheReason.Session => "The client has seen a write that this node has not heard of yet. If that lasts, look at the connection to the store.",
        CacheReason.NoContact => "This node has no contact with the log of the data. Look at the connection to the store.",
        CacheReason.RequestDirective => "The request said so in its Cache-Control header, or the caller by its flags.",
        CacheReason.NoPolicy => "The endpoint declares no caching. Call .Cached() on it.",
        CacheReason.Disabled => "The cache is switched off. Set Freshet:Enabled to true.",
        CacheReason.Method => "Only GET and HEAD are cached.",
        CacheReason.Condition => "The policy's When(…) said no for this request.",
        CacheReason.AuthorizationNotRun => "Call app.UseFreshet() after app.UseAuthentication() and app.UseAuthorization().",
        CacheReason.ScopeUnknown => "The tenant or the user of the request is not known. Name the claims that hold them, in AddFreshet().Tenants(…) and .Http(o => o.UserClaims…), or share answers with .PerTenant() or .Public().",
        CacheReason.KeyInvalid => "A part of the key is too long or not well-formed. Key by less: .Query(…) names the query values that matter.",
        CacheReason.RequestNotCacheable => "A request with a body or an upgrade is not cached. Put what the answer depends on into the URL.",
        CacheReason.HitForPass => "The last load of this key could not be stored. The reason of that load says why.",
        CacheReason.CacheFault => "The cache failed and the handler answered. Look at the error in the log.",
        CacheReason.Status => "Its status is not one that the policy stores. Name it in the policy: .Statuses(200, 404).",
        CacheReason.SetCookie => "It sets a cookie, which is one client's. Set cookies in an endpoint that is not cached, or ahead of app.UseFreshet().",
        CacheReason.ResponseDirective => "It says no-store, private, no-cache or max-age=0 in its Cache-Control header. Do not set that header in the handler, or do not cache the endpoint.",
        CacheReason.ResponseVary => "Its Vary header names what the key does not hold. Add it to the policy: .VaryByHeader(…).",
        CacheReason.TooLarge => "It is larger than an entry may be. Raise .MaxBody(…) in the policy and Freshet:Memory, or answer in pages.",
        CacheReason.Streamed => "It was sent piece by piece, and such an answer is passed on as it is made. Do not flush before the end, or do not cache the endpoint.",
        CacheReason.Truncated => "It ended early, or its Content-Length is not the length of its body. Let the handler write all that it declares.",
        CacheReason.Cancelled => "Nobody waited for it any longer.",
        CacheReason.Failed => "The handler failed. Look at its error in the log.",
        CacheReason.Declared => "The code that loads it called DoNotStore, or gave it no lifetime. Leave that out to have it cached.",
        CacheReason.TouchedDuringLoad => "Something that it was made from was written while it was loaded. Where that is always so, read less, or by key.",
        CacheReason.NestedStale => "It was made from a cached value that was past its lifetime. Give the inner value a longer lifetime.",
        CacheReason.NestedUnknown => "A read inside it failed or was left before its end, so nobody knows what it was made from. Await every read, and let its error through.",
        CacheReason.AmbientTransaction => "It was read in a transaction, which may show the past. Read without a transaction in cached code.",
        CacheReason.OpenConnection => "It was read on a connection that was open before, which may show the past. Let the context open its connection itself, in the load.",
        CacheReason.OpenWrite => "It was read from rows that an open transaction has written. It is stored once that transaction has ended.",
        CacheReason.UsedContext => "It was read through a context that was used before. Read through a context that is made in the load: a scoped one, or one of a factory.",
        CacheReason.LocalChanges => "It was read through a context with unsaved changes. Save them ahead, or read through another context.",
        CacheReason.WroteDuringLoad => "The load wrote data, and an answer from the cache writes nothing. Write in an endpoint that is not cached.",
        CacheReason.UnknownSource => "It is not known what it was read from. Filter by keys and parameters in plain LINQ or SQL, on a context or a connection that Freshet sees; or write .AgeOnly() if only age ends what it does not see.",
        CacheReason.NoDependency => "It depends on nothing that Freshet has seen, so no write would ever end it. Name a tag in the policy, .Tag(…), and touch it when the data changes; or write .AgeOnly() if only age ends it.",
        CacheReason.TagInvalid => "A tag of it could not be made. Make tags from input with Tag.Of(\"name\", value), or with {route values} in .Tag(…).",
        CacheReason.Superseded => "A later load has stored its answer already; there is nothing to do.",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "This reason has no advice."),
    };

    internal static string Kebab(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterUpper(c) && text.Length > 0)
                text.Append('-');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
