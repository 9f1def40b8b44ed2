using Freshet.AspNetCore.Http;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.AspNetCore.Tests.Http;

public class FreshnessTests
{
    private static FreshnessLimits Limits(int lifetime, int revalidate, int error) =>
        new(TimeSpan.FromSeconds(lifetime), TimeSpan.FromSeconds(revalidate), TimeSpan.FromSeconds(error));

    [Theory]
    [InlineData(0, "Fresh")]
    [InlineData(59.9, "Fresh")]
    [InlineData(60, "StaleWhileRevalidate")]   // RFC 9111 §4.2: fresh while the lifetime is greater than the age
    [InlineData(69.9, "StaleWhileRevalidate")]
    [InlineData(70, "StaleIfError")]
    [InlineData(89.9, "StaleIfError")]
    [InlineData(90, "Expired")]
    public void Age_DecidesInTurn(double seconds, string expected) =>
        Assert.Equal(expected, Freshness.Judge(TimeSpan.FromSeconds(seconds), Limits(60, 10, 30)).ToString());

    [Fact]
    public void NoWindows_ExpireAtOnce() => Assert.Equal(FreshnessVerdict.Expired, Freshness.Judge(TimeSpan.FromSeconds(60), Limits(60, 0, 0)));

    [Theory]
    [InlineData("", 60, 10, 30)]
    [InlineData("max-age=20", 20, 10, 30)]
    [InlineData("max-age=600", 60, 10, 30)]                            // a handler shortens, it does not extend
    [InlineData("max-age=20, s-maxage=40", 40, 10, 30)]                // RFC 9111 §5.2.2.10
    [InlineData("must-revalidate", 60, 0, 0)]                          // §5.2.2.2
    [InlineData("proxy-revalidate", 60, 0, 0)]                         // §5.2.2.8
    [InlineData("stale-while-revalidate=5, stale-if-error=0", 60, 5, 0)] // RFC 5861
    public void Handler_ShortensThePolicy(string cacheControl, int lifetime, int revalidate, int error) =>
        Assert.Equal(Limits(lifetime, revalidate, error), Freshness.Limit(Limits(60, 10, 30), CacheControl.Parse(cacheControl)));

    [Theory]
    [InlineData("", true)]
    [InlineData("no-cache", false)]
    [InlineData("max-age=0", false)]
    [InlineData("min-fresh=1", false)]
    [InlineData("max-stale=10", true)]
    public void Request_MayRefuseStaleAnswers(string cacheControl, bool accepts) =>
        Assert.Equal(accepts, Freshness.AcceptsStale(CacheControl.Parse(cacheControl)));

    [Fact]
    public void OlderNeverGetsBetter_AndNothingOutlivesTheLongest() =>
        Prop.ForAll<byte, byte, byte>((lifetime, revalidate, error) =>
        {
            var limits = Limits(lifetime, revalidate, error);
            var verdicts = Enumerable.Range(0, 800).Select(age => Freshness.Judge(TimeSpan.FromSeconds(age), limits)).ToArray();
            return verdicts.SequenceEqual(verdicts.Order())
                && verdicts.Index().All(v => TimeSpan.FromSeconds(v.Index) < limits.Longest == v.Item < FreshnessVerdict.Expired);
        }).Check(Config.QuickThrowOnFailure);
}
