using System.Text.RegularExpressions;
using Freshet.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public partial class CacheStatusTests
{
    // RFC 9211 §2, over RFC 8941: Freshet; hit; ttl=N; detail=token and so on.
    [GeneratedRegex("^Freshet(; hit; ttl=-?[0-9]+|; fwd=(uri-miss|stale|request|method|bypass)(; fwd-status=[0-9]{3})?(; stored)?(; collapsed)?); detail=[a-z][a-z-]*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field { get; }

    public static TheoryData<CacheReason> Reasons => [.. Enum.GetValues<CacheReason>()];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void EveryReason_HasAWellFormedField(CacheReason reason)
    {
        var forward = CacheStatus.ForwardOf(reason);
        var field = forward is Forward.None ? CacheStatus.Hit(reason, 12) : CacheStatus.Forwarded(forward, 200, stored: true, collapsed: true, reason);
        Assert.Matches(Field, field);
        Assert.Equal(forward is Forward.None, XCache.Of(reason) is XCache.Hit or XCache.Stale);
    }

    [Fact]
    public void Stale_HasANegativeTtl() =>
        Assert.Equal("Freshet; hit; ttl=-3; detail=stale-if-error", CacheStatus.Hit(CacheReason.StaleIfError, -3));

    [Fact]
    public void Miss_SaysWhatBecameOfTheAnswer() => Assert.Equal(
        "Freshet; fwd=stale; fwd-status=200; stored; detail=touched",
        CacheStatus.Forwarded(CacheStatus.ForwardOf(CacheReason.Touched), 200, stored: true, collapsed: false, CacheReason.Touched));

    [Theory]
    [InlineData(CacheReason.Fresh, "HIT")]
    [InlineData(CacheReason.StaleIfError, "STALE")]
    [InlineData(CacheReason.Absent, "MISS")]
    [InlineData(CacheReason.Touched, "MISS")]
    [InlineData(CacheReason.Coalesced, "MISS")]
    [InlineData(CacheReason.Method, "BYPASS")]
    [InlineData(CacheReason.AuthorizationNotRun, "BYPASS")]
    public void XCache_IsTheShortForm(CacheReason reason, string expected) => Assert.Equal(expected, XCache.Of(reason));
}
