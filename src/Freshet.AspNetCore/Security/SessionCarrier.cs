using Freshet.Coherence;
using Freshet.Loading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Freshet.AspNetCore.Security;

/// <summary>
/// Carries positions between answers and requests (C10): programs by the header, browsers by the cookie, both named
/// <c>Freshet-Position</c>.
/// </summary>
internal sealed class SessionCarrier(
    CacheEngine engine, TenantResolver tenants, SessionKeys keys, IOptions<FreshetHttpOptions> options, IOptions<FreshetOptions> freshet)
{
    // Where one process is all, its former life is over. Elsewhere contact may be as old as MaxStaleness, so that is added.
    private readonly ForeignEpochs _foreign = new(engine.Time, engine.IsShared ? Checked(options.Value.IsolationLimit) + freshet.Value.MaxStaleness : TimeSpan.Zero);

    // The same for the positions of other logs: they are carried until the record is so old, for a client may write in many.
    private readonly SettledPositions _settled = new(engine.Time, engine.IsShared ? options.Value.IsolationLimit + freshet.Value.MaxStaleness : TimeSpan.Zero);

    // More than an administrator writes in within the limit. The cookie of all positions stays below the 4,096 bytes that a browser takes.
    private const int MaxOtherLogs = 8;

    public const string Name = "Freshet-Position";

    /// <summary>Says that other nodes do not know yet what was written, because the store could not be reached (C14). RFC 8941 §3.3.6.</summary>
    public const string PendingHeader = "Freshet-Pending";

    private const string CookiePrefix = Name + "=";

    // What a client that keeps answers sends while it knows no position. With a number it says for how many more logs it has room.
    private const string Unknown = "?";

    /// <summary>
    /// The arrival of a request, given what its client carries. What does not verify is ignored; who asks where the logs stand
    /// is told with the answer.
    /// </summary>
    public Arrival Apply(HttpContext context, Arrival arrival)
    {
        if (!Carries(context))
            return arrival;
        var owner = Owner(context);
        if (owner.IsValid && context.Request.Headers[Name] is [Unknown])
            TellPlace(context, owner, arrival);
        var carried = Read(context, owner);
        if (carried.IsEmpty)
            return arrival;
        if (owner.IsValid)
            arrival = Apply(arrival, owner, carried.Own);
        arrival = Apply(arrival, Tenant.Public, carried.Public);
        foreach (var (log, positions) in carried.Others.All)
            arrival = Apply(arrival, log, positions);
        return arrival;
    }

    /// <summary>What the client carries and this node has not applied, for a handler whose answer is not cached; null for nothing.</summary>
    public PositionsAhead? AheadOfHere(HttpContext context)
    {
        if (!engine.IsShared || !Carries(context))
            return null;
        var ahead = new List<(Tenant, Position)>();
        var owner = Owner(context);
        var carried = Read(context, owner);
        Add(owner, carried.Own);
        Add(Tenant.Public, carried.Public);
        foreach (var (log, positions) in carried.Others.All)
            Add(log, positions);
        return ahead.Count > 0 ? new PositionsAhead(ahead) : null;

        void Add(Tenant log, LogPositions positions)
        {
            foreach (var position in positions.All)
            {
                if (engine.WithSession(default, log, position).MustLoad && !IsOver(log, position))
                    ahead.Add((log, position));
            }
        }
    }

    /// <summary>Puts the positions of what was written on the answer, together with what the client carried already.</summary>
    /// <param name="context">The request.</param>
    /// <param name="written">What was written, by log.</param>
    /// <returns>False when not all could be told: a log has too long a name, or there are too many. What is not told must show before
    /// the answer is sent.</returns>
    public bool Acknowledge(HttpContext context, IReadOnlyList<KeyValuePair<Tenant, AcknowledgedWrites.Written>> written)
    {
        var owner = Owner(context);
        var positions = Carries(context) ? Needed(owner, Read(context, owner)) : default;
        var isTold = positions.Others.All.Length <= MaxOtherLogs && positions.Others.Count <= SessionToken.MaxOtherTokens;
        while (positions.Others.All.Length > MaxOtherLogs || positions.Others.Count > SessionToken.MaxOtherTokens)
            positions = positions with { Others = positions.Others.WithoutFirst() };

        // C10: what is carried already keeps its place: the client may have heard of a later position meanwhile, by another answer.
        var most = Math.Min(MaxOtherLogs, positions.Others.All.Length + RoomOf(context));
        foreach (var (log, (at, _)) in written)
        {
            var isTellable = (log == owner && owner.IsValid) || log.IsPublic || SessionToken.CanTell(log);
            var with = isTellable ? positions.With(owner, log, at) : positions;
            var hasRoom = isTellable && with.Others.Count <= SessionToken.MaxOtherTokens
                && (with.Others.All.Length <= most || with.Others.All.Length == positions.Others.All.Length);
            isTold &= hasRoom || at.IsEmpty;
            positions = hasRoom ? with : positions;
        }

        if (!positions.IsEmpty)
        {
            context.Response.Headers[Name] = SessionToken.Create(keys.Own, owner, positions);
            SetCookie(context, owner, positions);
        }

        return isTold;
    }

    /// <summary>
    /// A client that had to load has just been given what is right where this node stands. What it carried stays: it may be what it
    /// has written, and lie ahead of this node or in an epoch that this node does not know yet.
    /// </summary>
    public void Renew(HttpContext context)
    {
        if (!Carries(context))
            return;
        var owner = Owner(context);
        var carried = Read(context, owner);
        if (carried.IsEmpty)
            return;
        var renewed = new CarriedPositions(
            owner.IsValid ? Renewed(owner, carried.Own) : default, Renewed(Tenant.Public, carried.Public), Needed(carried.Others));
        if (renewed == carried)
            return;
        // Who asks for the place of an answer must not take for it where the logs stand after the load.
        if (!HttpMethods.IsGet(context.Request.Method) || context.Request.Headers[Name] is not [Unknown])
            context.Response.Headers[Name] = SessionToken.Create(keys.Own, owner, renewed);
        SetCookie(context, owner, renewed);
    }

    /// <summary>The text form of positions, for a client of that tenant.</summary>
    public string Write(Tenant tenant, SessionPositions positions) => SessionToken.Create(keys.Own, tenant, positions);

    /// <summary>Reads what a client of that tenant says it has heard; what does not verify is ignored.</summary>
    public bool TryRead(Tenant tenant, ReadOnlySpan<char> text, out SessionPositions positions) => SessionToken.TryRead(keys, tenant, text, out positions);

    private static TimeSpan Checked(TimeSpan isolationLimit) => isolationLimit > TimeSpan.Zero && isolationLimit <= TimeSpan.FromDays(1)
        ? isolationLimit
        : throw new OptionsValidationException(
            nameof(FreshetHttpOptions), typeof(FreshetHttpOptions), [$"IsolationLimit is {isolationLimit}; set it to more than zero and at most a day."]);

    private static bool Carries(HttpContext context) =>
        context.Request.Headers.Cookie.Count > 0 || context.Request.Headers.ContainsKey(Name);

    /// <summary>Whether the client says that it carries a position: a cheap look, ahead of everything (C1). What it is worth is found out later.</summary>
    public static bool MayCarry(IHeaderDictionary headers)
    {
        var field = headers[Name];
        if (field.Count > 0 && field is not [['?', ..]])
            return true;
        foreach (var cookies in headers.Cookie)
        {
            if (cookies?.Contains(CookiePrefix, StringComparison.Ordinal) == true)
                return true;
        }

        return false;
    }

    private Arrival Apply(Arrival arrival, Tenant log, LogPositions carried)
    {
        foreach (var position in carried.All)
        {
            // C10
            if (!IsOver(log, position))
                arrival = engine.WithSession(arrival, log, position);
        }

        return arrival;
    }

    private bool IsOver(Tenant log, Position position)
    {
        // C10: only contact shows that the node's own epoch is not the one that has ended. Asked first: an epoch is adopted without it.
        var isInContact = engine.InContact(log);
        return engine.Applied(log).Epoch is var own && own != position.Epoch && _foreign.IsOver(log, position.Epoch, own) && isInContact;
    }

    private LogPositions Renewed(Tenant log, LogPositions carried) =>
        carried.IsEmpty || engine.Applied(log) is var here && here.Epoch == default ? carried : Needed(log, carried).With(here);

    // What still counts of what a client carries.
    private CarriedPositions Needed(Tenant owner, CarriedPositions carried) =>
        new(owner.IsValid ? Needed(owner, carried.Own) : default, Needed(Tenant.Public, carried.Public), Needed(carried.Others));

    private OtherPositions Needed(OtherPositions carried)
    {
        var needed = default(OtherPositions);
        foreach (var (log, positions) in carried.All)
        {
            var still = default(LogPositions);
            foreach (var position in Needed(log, positions).All)
            {
                if (!_settled.Covers(log, position, engine.Applied(log)))
                    still = still.With(position);
            }

            needed = needed.With(log, still);
        }

        return needed;
    }

    private LogPositions Needed(Tenant log, LogPositions carried)
    {
        var needed = default(LogPositions);
        foreach (var position in carried.All)
        {
            if (position.Epoch == engine.Applied(log).Epoch || (engine.IsShared && !IsOver(log, position)))
                needed = needed.With(position);
        }

        return needed;
    }

    private CarriedPositions Read(HttpContext context, Tenant tenant)
    {
        var headers = context.Request.Headers;
        var byHeader = SessionToken.Read(keys, tenant, headers[Name].ToString());
        var byCookie = default(CarriedPositions);
        var cookies = headers.Cookie;
        for (var i = 0; i < cookies.Count; i++)
        {
            if (TryFind(cookies[i], out var text))
                byCookie = byCookie.Then(SessionToken.Read(keys, tenant, text));
        }

        return byCookie.Then(byHeader);
    }

    // What the client is given is right at this place (C4). The place is that of the request's entry, as far as it can be told:
    // what authentication has read is from no later (C1). Applied before the tick is read, because a touch counts before its
    // position does.
    private void TellPlace(HttpContext context, Tenant tenant, Arrival arrival)
    {
        var place = Write(tenant, new SessionPositions(engine.Applied(tenant), engine.Applied(Tenant.Public)));
        if (place.Length > 0 && engine.IsNow(arrival))
            context.Response.Headers[Name] = place;
    }

    // A client whose writes are on their way together says how much of its room each of them may use (E1). It keeps none for a GET.
    private static int RoomOf(HttpContext context)
    {
        var text = context.Request.Headers[Name].ToString();
        if (text.Length > 1 && text[^2] == '?' && char.IsAsciiDigit(text[^1]))
            return text[^1] - '0';
        return text.Length > 0 && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) ? 0 : MaxOtherLogs;
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

    private void SetCookie(HttpContext context, Tenant owner, CarriedPositions positions)
    {
        // One that this answer bears already is from before.
        var cookies = context.Response.Headers.SetCookie;
        if (cookies.Any(c => c?.StartsWith(CookiePrefix, StringComparison.Ordinal) == true))
            context.Response.Headers.SetCookie = cookies.Where(c => c?.StartsWith(CookiePrefix, StringComparison.Ordinal) != true).ToArray();
        // A browser sends it for whoever is signed in then.
        context.Response.Cookies.Append(Name, SessionToken.CreateForAnybody(keys.Own, owner, positions), new CookieOptions
        {
            HttpOnly = true,
            IsEssential = true,
            Path = "/",
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
        });
    }

    // Default where the application declares tenants and the request names none: then no log is its own.
    private Tenant Owner(HttpContext context) => tenants.TryResolve(context, out var owner) ? owner : default;
}
