using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Http;

/// <summary>The directives without an argument that are understood, in requests and answers alike.</summary>
[Flags]
internal enum CacheDirectives : ushort
{
    None = 0,
    NoCache = 1,
    NoStore = 2,
    NoTransform = 4,
    OnlyIfCached = 8,
    Private = 16,
    Public = 32,
    MustRevalidate = 64,
    ProxyRevalidate = 128,
    MustUnderstand = 256,
    Immutable = 512,
}

/// <summary>
/// The <c>Cache-Control</c> field of a request or an answer (RFC 9111 §5.2, RFC 5861), read in place. Numbers are seconds;
/// null means that the directive is not there. Unknown directives are ignored (§5.2.3).
/// </summary>
internal readonly record struct CacheControl
{
    /// <summary>The largest number of seconds that is told from "for ever": RFC 9111 §1.2.2.</summary>
    public const long MaxSeconds = 2_147_483_648;

    public CacheDirectives Directives { get; init; }

    public long? MaxAge { get; init; }

    public long? SharedMaxAge { get; init; }

    /// <summary>Requests only; <see cref="MaxSeconds"/> when it has no argument: any staleness will do (§5.2.1.2).</summary>
    public long? MaxStale { get; init; }

    public long? MinFresh { get; init; }

    public long? StaleWhileRevalidate { get; init; }

    public long? StaleIfError { get; init; }

    public bool Has(CacheDirectives any) => (Directives & any) != CacheDirectives.None;

    public static CacheControl Parse(StringValues field)
    {
        var parsed = default(CacheControl);
        for (var i = 0; i < field.Count; i++)
        {
            var rest = field[i].AsSpan();
            while (TryTake(ref rest, out var name, out var argument, out var hasArgument))
                parsed = parsed.With(name, argument, hasArgument);
        }

        return parsed;
    }

    private CacheControl With(ReadOnlySpan<char> name, ReadOnlySpan<char> argument, bool hasArgument)
    {
        if (Flag(name) is var flag and not CacheDirectives.None)
        {
            // Both no-cache="field" and private="field" are read as if unqualified: RFC 9111 §5.2.2.4 and §5.2.2.7 allow it,
            // and it errs on the side of not storing.
            return this with { Directives = Directives | flag };
        }

        if (Is(name, "max-age"))
            return this with { MaxAge = Stricter(MaxAge, argument) };
        if (Is(name, "s-maxage"))
            return this with { SharedMaxAge = Stricter(SharedMaxAge, argument) };
        if (Is(name, "max-stale"))
            return this with { MaxStale = hasArgument ? Stricter(MaxStale, argument) : MaxStale ?? MaxSeconds };
        if (Is(name, "min-fresh"))
            return this with { MinFresh = Math.Max(MinFresh ?? 0, Seconds(argument)) };
        if (Is(name, "stale-while-revalidate"))
            return this with { StaleWhileRevalidate = Stricter(StaleWhileRevalidate, argument) };
        if (Is(name, "stale-if-error"))
            return this with { StaleIfError = Stricter(StaleIfError, argument) };
        return this;
    }

    private static CacheDirectives Flag(ReadOnlySpan<char> name) =>
        Is(name, "no-cache") ? CacheDirectives.NoCache
        : Is(name, "no-store") ? CacheDirectives.NoStore
        : Is(name, "private") ? CacheDirectives.Private
        : Is(name, "public") ? CacheDirectives.Public
        : Is(name, "must-revalidate") ? CacheDirectives.MustRevalidate
        : Is(name, "proxy-revalidate") ? CacheDirectives.ProxyRevalidate
        : Is(name, "no-transform") ? CacheDirectives.NoTransform
        : Is(name, "only-if-cached") ? CacheDirectives.OnlyIfCached
        : Is(name, "must-understand") ? CacheDirectives.MustUnderstand
        : Is(name, "immutable") ? CacheDirectives.Immutable
        : CacheDirectives.None;

    // RFC 9111 §5.2: names are case-insensitive.
    private static bool Is(ReadOnlySpan<char> name, string directive) => name.Equals(directive, StringComparison.OrdinalIgnoreCase);

    // RFC 9111 §4.2.1: of two values of one directive the first or the more restrictive is used; here the smaller.
    private static long Stricter(long? known, ReadOnlySpan<char> argument) => Math.Min(known ?? long.MaxValue, Seconds(argument));

    // RFC 9111 §4.2.1: what is not a number makes the answer stale, so it counts as zero. §1.2.2: too large is the maximum.
    private static long Seconds(ReadOnlySpan<char> argument)
    {
        if (argument.IsEmpty || argument.ContainsAnyExceptInRange('0', '9'))
            return 0;
        return long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, MaxSeconds) : MaxSeconds;
    }

    // cache-directive = token [ "=" ( token / quoted-string ) ]; a comma inside quotes does not end it.
    private static bool TryTake(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> name, out ReadOnlySpan<char> argument, out bool hasArgument)
    {
        argument = default;
        rest = rest.TrimStart(" \t,");
        var end = rest.IndexOfAny(",=");
        hasArgument = end >= 0 && rest[end] == '=';
        name = (end < 0 ? rest : rest[..end]).Trim(" \t");
        rest = end < 0 ? default : rest[(hasArgument ? end + 1 : end)..];
        if (!hasArgument)
            return !name.IsEmpty;

        rest = rest.TrimStart(" \t");
        if (rest is ['"', ..])
        {
            var close = ClosingQuote(rest);
            argument = rest[1..close];
            rest = rest[Math.Min(close + 1, rest.Length)..];
            end = rest.IndexOf(',');
            rest = end < 0 ? default : rest[end..];
            return true;
        }

        end = rest.IndexOf(',');
        argument = (end < 0 ? rest : rest[..end]).Trim(" \t");
        rest = end < 0 ? default : rest[end..];
        return true;
    }

    private static int ClosingQuote(ReadOnlySpan<char> quoted)
    {
        for (var i = 1; i < quoted.Length; i++)
        {
            if (quoted[i] == '"')
                return i;
            if (quoted[i] == '\\')
                i++;
        }

        return quoted.Length;
    }
}
