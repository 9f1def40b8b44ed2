using Freshet.AspNetCore.Endpoints;
using Freshet.Keys;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore;

/// <summary>
/// Says how the answers of an endpoint are cached. It is compiled once for each endpoint; a later call on an inner group or
/// on the endpoint itself overrides what an outer one said. Not safe for concurrent use.
/// </summary>
public sealed class CachePolicyBuilder
{
    internal CachePolicyBuilder(TimeSpan lifetime) => Lifetime = lifetime;

    internal TimeSpan Lifetime { get; private set; }

    internal CacheScope Scope { get; private set; }

    internal List<string> Claims { get; } = [];

    internal List<string> Headers { get; } = [];

    internal List<string> Cookies { get; } = [];

    internal List<string>? QueryNames { get; private set; }

    internal bool IsWholeQuery { get; private set; }

    internal List<Func<HttpContext, string?>> KeyParts { get; } = [];

    internal List<Func<HttpContext, Dependency>> Tags { get; } = [];

    internal List<TagTemplate> TagTemplates { get; } = [];

    internal List<Func<HttpContext, bool>> Conditions { get; } = [];

    internal int[] StoredStatuses { get; private set; } = [StatusCodes.Status200OK];

    internal TimeSpan BrowserLifetime { get; private set; }

    internal TimeSpan RevalidateWindow { get; private set; }

    internal TimeSpan ErrorWindow { get; private set; }

    internal bool AreFiltersOnLoadOnly { get; private set; }

    internal bool IsAgeOnly { get; private set; }

    internal string? VersionProperty { get; private set; }

    internal int MaxBodyBytes { get; private set; } = 1024 * 1024;

    /// <summary>How long an answer is fresh on the server, from its load. A touched tag ends it at once, whatever this says.</summary>
    /// <param name="lifetime">More than zero, at most 30 days. Default: <see cref="FreshetOptions.DefaultLifetime"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of its range.</exception>
    public CachePolicyBuilder For(TimeSpan lifetime)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        Lifetime = RequireWindow(lifetime, nameof(lifetime));
        return this;
    }

    /// <summary>One answer for each authenticated user. This is the default.</summary>
    public CachePolicyBuilder PerUser() => In(CacheScope.User);

    /// <summary>One answer for all users of a tenant. The handler then does not see who asks.</summary>
    public CachePolicyBuilder PerTenant() => In(CacheScope.Tenant);

    /// <summary>One answer for everyone. The handler then sees neither user nor tenant.</summary>
    public CachePolicyBuilder Public() => In(CacheScope.Public);

    /// <summary>Answers differ by who shares them.</summary>
    public CachePolicyBuilder In(CacheScope scope)
    {
        if (!Enum.IsDefined(scope))
            throw new ArgumentOutOfRangeException(nameof(scope), scope, "There is no such scope.");
        Scope = scope;
        return this;
    }

    /// <summary>Answers differ by the values of these claims; the handler sees them.</summary>
    /// <param name="types">Claim types, such as <c>role</c>; case is ignored, as everywhere in claims principals.</param>
    public CachePolicyBuilder VaryByClaim(params ReadOnlySpan<string> types) => Add(Claims, types, "claim type");

    /// <summary>Answers differ by these request headers; the handler sees them and <c>Vary</c> names them.</summary>
    /// <param name="names">Header names, case-insensitive.</param>
    public CachePolicyBuilder VaryByHeader(params ReadOnlySpan<string> names) => Add(Headers, names, "header name");

    /// <summary>Answers differ by these cookies; the handler sees them.</summary>
    /// <param name="names">Cookie names, compared ordinally.</param>
    public CachePolicyBuilder VaryByCookie(params ReadOnlySpan<string> names) => Add(Cookies, names, "cookie name");

    /// <summary>
    /// Answers differ by these query values, and the handler sees no others. Without this call the names are those that the
    /// handler's parameters declare; a handler that takes the whole request gets, and is keyed by, the whole query.
    /// </summary>
    /// <param name="names">Names, case-insensitive as everywhere in ASP.NET Core; none: the handler sees no query.</param>
    public CachePolicyBuilder Query(params ReadOnlySpan<string> names)
    {
        IsWholeQuery = false;
        QueryNames = [];
        return Add(QueryNames, names, "query name");
    }

    /// <summary>Answers differ by the whole query, exactly as it was sent.</summary>
    public CachePolicyBuilder WholeQuery()
    {
        IsWholeQuery = true;
        QueryNames = null;
        return this;
    }

    /// <summary>Answers differ by something that is computed from the whole request.</summary>
    /// <param name="part">Called for each request, before the look-up: it must be quick and touch nothing but the request.
    /// Null and the empty text are different values. The handler itself still sees only what is declared.</param>
    public CachePolicyBuilder VaryBy(Func<HttpContext, string?> part)
    {
        ArgumentNullException.ThrowIfNull(part);
        KeyParts.Add(part);
        return this;
    }

    /// <summary>Answers depend on this, besides what the data layer finds out by itself.</summary>
    /// <param name="dependency">
    /// A tag (<c>import/42</c>) or a subtree (<c>import/**</c>). <c>{name}</c> stands for a route value: <c>import/{id}</c>. Any value
    /// will do, however the client spells a number or a Guid; an optional one that is not there stands for all that begins alike.
    /// </param>
    /// <exception cref="FormatException">The text is not a dependency.</exception>
    public CachePolicyBuilder Tag(string dependency)
    {
        TagTemplates.Add(new TagTemplate(dependency));
        return this;
    }

    /// <summary>Answers depend on this, besides what the data layer finds out by itself.</summary>
    /// <param name="dependency">Called once for each load, with the request that the handler sees.</param>
    public CachePolicyBuilder Tag(Func<HttpContext, Dependency> dependency)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        Tags.Add(dependency);
        return this;
    }

    /// <summary>
    /// An answer that depends on nothing may be stored, and only its age ends it. Where a data layer is registered, such an answer is not
    /// stored without this call (<see cref="CacheReason.NoDependency"/>), because it may have been read in a way that nobody sees. What an
    /// answer does depend on, a tag of its policy or data, ends it as ever; so this call beside <see cref="Tag(string)"/> does no harm.
    /// </summary>
    /// <param name="isAgeOnly">False takes back what an outer group or a named policy says. Without any call it is false.</param>
    public CachePolicyBuilder AgeOnly(bool isAgeOnly = true)
    {
        IsAgeOnly = isAgeOnly;
        return this;
    }

    /// <summary>Only requests for which this holds are cached; the others are served by the handler.</summary>
    /// <param name="condition">Called for each request, before the look-up, with the whole request: it must be quick.</param>
    public CachePolicyBuilder When(Func<HttpContext, bool> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        Conditions.Add(condition);
        return this;
    }

    /// <summary>Which statuses are stored. Default: 200 alone.</summary>
    /// <param name="codes">One or more codes from 200 to 599, without 204, 205, 206 and 304, which have no representation.</param>
    public CachePolicyBuilder Statuses(params ReadOnlySpan<int> codes)
    {
        foreach (var code in codes)
        {
            if (code is < 200 or > 599 or 204 or 205 or 206 or 304)
                throw new ArgumentOutOfRangeException(nameof(codes), code, "An answer of that status cannot be stored.");
        }

        StoredStatuses = codes.IsEmpty ? throw new ArgumentException("Name at least one status.", nameof(codes)) : codes.ToArray();
        return this;
    }

    /// <summary>
    /// Endpoint filters and MVC authorization filters of the endpoint run when it is loaded, not when a stored answer is
    /// given. Without this call an endpoint that has such filters cannot be cached, because they may decide who sees the answer.
    /// </summary>
    public CachePolicyBuilder FiltersOnLoadOnly()
    {
        AreFiltersOnLoadOnly = true;
        return this;
    }

    /// <summary>
    /// Lets browsers use the answer without asking. What they keep cannot be invalidated: for that long they may show data
    /// older than a write that they know of (C15). Without this call they get <c>private, no-cache</c> and an entity tag.
    /// </summary>
    /// <param name="lifetime">Zero, the default, to at most 30 days; whole seconds.</param>
    public CachePolicyBuilder InBrowser(TimeSpan lifetime)
    {
        BrowserLifetime = RequireWindow(lifetime, nameof(lifetime));
        return this;
    }

    /// <summary>
    /// Past its lifetime an answer is still given for that long while one load refreshes it in the background (RFC 5861 §3).
    /// Only age is forgiven: an answer whose tags were touched is never given (C15).
    /// </summary>
    /// <param name="window">Zero, the default, to at most 30 days.</param>
    public CachePolicyBuilder StaleWhileRevalidate(TimeSpan window)
    {
        RevalidateWindow = RequireWindow(window, nameof(window));
        return this;
    }

    /// <summary>
    /// Past its lifetime an answer is still given for that long when its load fails (RFC 5861 §4). Only age is forgiven (C15).
    /// </summary>
    /// <param name="window">Zero, the default, to at most 30 days.</param>
    public CachePolicyBuilder StaleIfError(TimeSpan window)
    {
        ErrorWindow = RequireWindow(window, nameof(window));
        return this;
    }

    /// <summary>The largest body that is stored; a larger one is passed on as it is made.</summary>
    /// <param name="bytes">1 to 64 MiB. Default 1 MiB. <see cref="FreshetOptions.Memory"/> bounds it too.</param>
    public CachePolicyBuilder MaxBody(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, 64 * 1024 * 1024);
        MaxBodyBytes = bytes;
        return this;
    }

    /// <summary>
    /// Names the member of the JSON answer that holds the version of the resource. It becomes part of the entity tag, so that
    /// a write with that tag in <c>If-Match</c> is made against that version.
    /// </summary>
    /// <param name="jsonProperty">A member of the outermost object whose value is an integer, such as <c>version</c>.</param>
    public CachePolicyBuilder VersionFrom(string jsonProperty)
    {
        ArgumentException.ThrowIfNullOrEmpty(jsonProperty);
        VersionProperty = jsonProperty;
        return this;
    }

    private CachePolicyBuilder Add(List<string> list, ReadOnlySpan<string> names, string what)
    {
        foreach (var name in names)
        {
            KeyPart.Require(name, what);
            if (!list.Contains(name, StringComparer.Ordinal))
                list.Add(name);
        }

        return this;
    }

    private static TimeSpan RequireWindow(TimeSpan window, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(window, TimeSpan.FromDays(30), name);
        return window;
    }
}
