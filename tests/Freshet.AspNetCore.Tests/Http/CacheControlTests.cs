using Freshet.AspNetCore.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Tests.Http;

public class CacheControlTests
{
    [Theory]
    [InlineData("no-cache", "NoCache")]
    [InlineData("NO-STORE , private", "NoStore, Private")]
    [InlineData("private=\"set-cookie, x\", public", "Private, Public")]      // §5.2.2.7, read as unqualified
    [InlineData("no-cache=\"a\\\"b, no-store\"", "NoCache")]                  // a quoted comma and quote
    [InlineData("must-revalidate, proxy-revalidate, immutable", "MustRevalidate, ProxyRevalidate, Immutable")]
    [InlineData("only-if-cached, no-transform, must-understand", "NoTransform, OnlyIfCached, MustUnderstand")]
    [InlineData("x-no-store, no-stor, community=\"UCI\"", "None")]            // §5.2.3: unknown directives
    [InlineData(",, ,", "None")]
    [InlineData("", "None")]
    public void Directives_AreRead(string field, string expected) => Assert.Equal(expected, CacheControl.Parse(field).Directives.ToString());

    [Theory]
    [InlineData("max-age=60", 60L)]
    [InlineData("max-age=\"60\"", 60L)]                       // §5.2: recipients accept both forms
    [InlineData("max-age = 60", 60L)]
    [InlineData("MAX-AGE=60", 60L)]
    [InlineData("max-age=60, max-age=5", 5L)]                 // §4.2.1: the more restrictive
    [InlineData("max-age=99999999999999999999", CacheControl.MaxSeconds)] // §1.2.2
    [InlineData("max-age=-1", 0L)]                            // §4.2.1: not a number, so stale
    [InlineData("max-age=1.5", 0L)]
    [InlineData("max-age=", 0L)]
    [InlineData("max-age", 0L)]
    [InlineData("s-maxage=60", null)]
    public void MaxAge_IsReadInSeconds(string field, long? expected) => Assert.Equal(expected, CacheControl.Parse(field).MaxAge);

    [Fact]
    public void OtherNumbers_AreRead()
    {
        var parsed = CacheControl.Parse(new StringValues(["s-maxage=1, max-stale=2, min-fresh=3", "stale-while-revalidate=4, stale-if-error=5"]));
        Assert.Equal((1L, 2L, 3L, 4L, 5L),
            (parsed.SharedMaxAge!.Value, parsed.MaxStale!.Value, parsed.MinFresh!.Value, parsed.StaleWhileRevalidate!.Value, parsed.StaleIfError!.Value));
    }

    [Fact]
    public void MaxStaleWithoutArgument_IsAnyStaleness() => Assert.Equal(CacheControl.MaxSeconds, CacheControl.Parse("max-stale").MaxStale);

    [Fact]
    public void NothingSaid_IsNothingRead() => Assert.Equal(default, CacheControl.Parse(default));

    [Fact]
    public void AnyText_IsReadWithoutFault_AndNoStoreIsNeverLost() =>
        Prop.ForAll<string?>(text =>
        {
            // Whatever stands before it, as long as it leaves no quote open.
            var before = text?.Replace("\"", "", StringComparison.Ordinal);
            _ = CacheControl.Parse(text);
            return CacheControl.Parse(before + ",no-store").Has(CacheDirectives.NoStore);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
