using Freshet.AspNetCore.Events;
using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// Carries positions between answers and requests (C10): programs by the header, browsers by the cookie, both named
/// <c>Freshet-Position</c>.
/// </summary>
internal sealed class SessionCarrier(CacheEngine engine, TenantResolver tenants, AnswerGroups groups, IOptions<FreshetHttpOptions> options)
{
    public const string Name = "Freshet-Position";

    /// <summary>Says that other nodes do not know yet what was written, because the store could not be reached (C14). RFC 8941 §3.3.6.</summary>
    public const string PendingHeader = "Freshet-Pending";

    private const string CookiePrefix = Name + "=";

    // What a client that keeps answers sends while it knows no position.
    private const string Unknown = "?";

    private readonly byte[] _key = options.Value.SessionKey is { Length: >= 16 } key
        ? key
        : throw new OptionsValidationException(nameof(FreshetHttpOptions), typeof(FreshetHttpOptions), ["SessionKey needs at least 16 bytes."]);

    /// <summary>
    /// The arrival of a request, given what its client carries. What does not verify is ignored; who asks where the logs stand
    /// is told with the answer.
    /// </summary>
    public Arrival Apply(HttpContext context, Arrival arrival)
    {
        if (!Carries(context) || !tenants.TryResolve(context, out var tenant))
            return arrival;

        if (context.Request.Headers[Name] is [Unknown])
            TellPlace(context, tenant, arrival);
        var carried = Read(context, tenant);
        if (carried.Own is { } own)
            arrival = engine.WithSession(arrival, tenant, own);
        if (carried.Public is { } shared)
            arrival = engine.WithSession(arrival, Tenant.Public, shared);
        return arrival;
    }

    /// <summary>Puts what was written on the answer, together with what the client carried already.</summary>
    public void Acknowledge(HttpContext context, AcknowledgedWrites writes)
    {
        var all = writes.ToArray();
        if (all.Length == 0 || !tenants.TryResolve(context, out var tenant))
            return;

        var positions = default(SessionPositions);
        var touched = new List<(Tenant, Tag)>();
        foreach (var (owner, written) in all)
        {
            if (owner.IsPublic)
                positions = positions with { Public = written.Position };
            else if (owner == tenant)
                positions = positions with { Own = written.Position };
            else
                continue;
            touched.AddRange(written.Tags.Select(tag => (owner, tag)));
        }

        if (writes.IsPending)
            context.Response.Headers[PendingHeader] = "?1";
        if (!positions.IsEmpty)
            Send(context, tenant, (Carries(context) ? Read(context, tenant) : default).Then(positions));
        if (groups.OfWrites(touched) is { } invalidated)
            context.Response.Headers[AnswerGroups.InvalidationHeader] = invalidated;
    }

    /// <summary>
    /// A client that carried a position of an epoch that is gone has just been given a load: from now on it is good for it
    /// to carry where this node stands, or each of its requests would mean a load.
    /// </summary>
    public void Renew(HttpContext context)
    {
        if (!Carries(context) || !tenants.TryResolve(context, out var tenant))
            return;
        var carried = Read(context, tenant);
        if (!carried.IsEmpty)
        {
            // Never back: of one epoch what the client carries may lie ahead of this node, and is what it has written.
            var here = new SessionPositions(
                carried.Own is null ? null : engine.Applied(tenant), carried.Public is null ? null : engine.Applied(Tenant.Public));
            if (!here.IsBefore(carried))
                Send(context, tenant, here);
        }
    }

    /// <summary>The text form of positions, for a client of that tenant.</summary>
    public string Write(Tenant tenant, SessionPositions positions) => SessionToken.Create(_key, tenant, positions);

    /// <summary>Reads what a client of that tenant says it has heard; what does not verify is ignored.</summary>
    public bool TryRead(Tenant tenant, ReadOnlySpan<char> text, out SessionPositions positions) => SessionToken.TryRead(_key, tenant, text, out positions);

    private static bool Carries(HttpContext context) =>
        context.Request.Headers.Cookie.Count > 0 || context.Request.Headers.ContainsKey(Name);

    /// <summary>Whether the client says that it carries a position: a cheap look, ahead of everything (C1). What it is worth is found out later.</summary>
    public static bool MayCarry(IHeaderDictionary headers)
    {
        var field = headers[Name];
        if (field.Count > 0 && field is not [Unknown])
            return true;
        foreach (var cookies in headers.Cookie)
        {
            if (cookies?.Contains(CookiePrefix, StringComparison.Ordinal) == true)
                return true;
        }

        return false;
    }

    private SessionPositions Read(HttpContext context, Tenant tenant)
    {
        var headers = context.Request.Headers;
        SessionToken.TryRead(_key, tenant, headers[Name].ToString(), out var byHeader);
        var byCookie = default(SessionPositions);
        var cookies = headers.Cookie;
        for (var i = 0; i < cookies.Count; i++)
        {
            if (TryFind(cookies[i], out var text) && SessionToken.TryRead(_key, tenant, text, out var positions))
                byCookie = byCookie.Then(positions);
        }

        return byCookie.Then(byHeader);
    }

    // What the client is given is right at this place (C4). The place is that of the request's entry, as far as it can be told:
    // what authentication has read is from no later (C1). Applied before the tick is read, because a touch counts before its
    // position does.
    private void TellPlace(HttpContext context, Tenant tenant, Arrival arrival)
    {
        var place = new SessionPositions(engine.Applied(tenant), engine.Applied(Tenant.Public));
        if (engine.IsNow(arrival))
            context.Response.Headers[Name] = Write(tenant, place);
    }

    private static bool TryFind(ReadOnlySpan<char> cookies, out ReadOnlySpan<char> value)
    {
        foreach (var range in cookies.Split(';'))
        {
            var cookie = cookies[range].Trim(' ');
            if (!cookie.StartsWith(CookiePrefix, StringComparison.Ordinal))
                continue;
            value = cookie[CookiePrefix.Length..];
            return true;
        }

        value = default;
        return false;
    }

    private void Send(HttpContext context, Tenant tenant, SessionPositions positions)
    {
        var token = SessionToken.Create(_key, tenant, positions);
        // Who asks for the place of an answer must not take for it where the logs stand after the load.
        if (!HttpMethods.IsGet(context.Request.Method) || context.Request.Headers[Name] is not [Unknown])
            context.Response.Headers[Name] = token;
        context.Response.Cookies.Append(Name, token, new CookieOptions
        {
            HttpOnly = true,
            IsEssential = true,
            Path = "/",
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
        });
    }
}
