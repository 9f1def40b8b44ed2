using Freshet.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class StorabilityTests
{
    [Theory]
    [InlineData(200, "", CacheReason.None)]
    [InlineData(404, "", CacheReason.None)]
    [InlineData(500, "", CacheReason.Status)]
    [InlineData(201, "", CacheReason.Status)]
    [InlineData(206, "", CacheReason.Status)]
    [InlineData(304, "", CacheReason.Status)]
    [InlineData(200, "no-store", CacheReason.ResponseDirective)]
    [InlineData(200, "private", CacheReason.ResponseDirective)]
    [InlineData(200, "private=\"x\"", CacheReason.ResponseDirective)]
    [InlineData(200, "no-cache", CacheReason.ResponseDirective)]
    [InlineData(200, "max-age=0", CacheReason.ResponseDirective)]
    [InlineData(200, "max-age=0, s-maxage=60", CacheReason.None)]
    [InlineData(200, "max-age=60, s-maxage=0", CacheReason.ResponseDirective)]
    [InlineData(200, "public, max-age=60", CacheReason.None)]
    public void StatusAndDirectives_Decide(int status, string cacheControl, CacheReason expected) =>
        Assert.Equal(expected, Judge(status, new HeaderDictionary { ["Cache-Control"] = cacheControl }));

    [Fact]
    public void PartialContent_IsNeverStored_EvenWhenDeclared() =>
        Assert.Equal(CacheReason.Status, Judge(206, new HeaderDictionary(), statuses: [206]));

    [Fact]
    public void SetCookie_IsNeverStored() =>
        Assert.Equal(CacheReason.SetCookie, Judge(200, new HeaderDictionary { ["Set-Cookie"] = "a=b" }));

    [Theory]
    [InlineData("Accept-Language", CacheReason.None)]
    [InlineData("accept-language , Accept-Encoding", CacheReason.None)]
    [InlineData("Accept-Encoding", CacheReason.None)]
    [InlineData("Origin", CacheReason.ResponseVary)]
    [InlineData("Accept-Language, Origin", CacheReason.ResponseVary)]
    [InlineData("*", CacheReason.ResponseVary)]
    public void Vary_NamesOnlyWhatTheKeyHolds(string vary, CacheReason expected) =>
        Assert.Equal(expected, Judge(200, new HeaderDictionary { ["Vary"] = vary }));

    [Theory]
    [InlineData(10, 10, CacheReason.None)]
    [InlineData(10, 9, CacheReason.Truncated)]
    [InlineData(10, 11, CacheReason.Truncated)]
    public void LengthOtherThanDeclared_IsTruncated(long declared, long written, CacheReason expected) =>
        Assert.Equal(expected, Judge(200, new HeaderDictionary { ContentLength = declared }, length: written));

    private static CacheReason Judge(int status, HeaderDictionary headers, long length = 0, int[]? statuses = null) => Storability.Judge(
        new CapturedResponse { StatusCode = status, Headers = headers, BodyLength = length }, statuses ?? [200, 404], ["Accept-Language"]);
}
