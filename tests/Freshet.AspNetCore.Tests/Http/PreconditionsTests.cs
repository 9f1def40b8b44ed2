using Freshet.AspNetCore.Http;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Http;

public class PreconditionsTests
{
    private const string Older = "Tue, 03 Mar 2026 10:00:00 GMT";
    private const string Changed = "Wed, 04 Mar 2026 10:00:00 GMT";
    private const string Newer = "Thu, 05 Mar 2026 10:00:00 GMT";

    // method, If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since; the current tag is "v1", changed on 4 March.
    [Theory]
    [InlineData("GET", null, null, null, null, "Proceed", "None")]
    // §13.1.1: strong comparison; a list; *; 412 for every method.
    [InlineData("PUT", "\"v1\"", null, null, null, "Proceed", "None")]
    [InlineData("PUT", "\"v0\", \"v1\"", null, null, null, "Proceed", "None")]
    [InlineData("PUT", "*", null, null, null, "Proceed", "None")]
    [InlineData("PUT", "W/\"v1\"", null, null, null, "Failed", "IfMatch")]
    [InlineData("PUT", "\"v0\"", null, null, null, "Failed", "IfMatch")]
    [InlineData("GET", "\"v0\"", null, null, null, "Failed", "IfMatch")]
    // §13.1.4, and §13.2.2 step 2: only without If-Match; not a date: ignored.
    [InlineData("PUT", null, Older, null, null, "Failed", "IfUnmodifiedSince")]
    [InlineData("PUT", null, Changed, null, null, "Proceed", "None")]
    [InlineData("PUT", null, "yesterday", null, null, "Proceed", "None")]
    [InlineData("PUT", "\"v1\"", Older, null, null, "Proceed", "None")]
    // §13.1.2: weak comparison; a list; *; 304 for GET and HEAD, 412 for others.
    [InlineData("GET", null, null, "\"v1\"", null, "NotModified", "IfNoneMatch")]
    [InlineData("HEAD", null, null, "W/\"v1\"", null, "NotModified", "IfNoneMatch")]
    [InlineData("GET", null, null, "\"v0\", \"v1\"", null, "NotModified", "IfNoneMatch")]
    [InlineData("GET", null, null, "*", null, "NotModified", "IfNoneMatch")]
    [InlineData("PUT", null, null, "*", null, "Failed", "IfNoneMatch")]
    [InlineData("GET", null, null, "\"v0\"", null, "Proceed", "None")]
    // §13.1.3: only for GET and HEAD, only without If-None-Match; equal is not newer; not a date: ignored.
    [InlineData("GET", null, null, null, Changed, "NotModified", "IfModifiedSince")]
    [InlineData("HEAD", null, null, null, Newer, "NotModified", "IfModifiedSince")]
    [InlineData("GET", null, null, null, Older, "Proceed", "None")]
    [InlineData("PUT", null, null, null, Newer, "Proceed", "None")]
    [InlineData("GET", null, null, null, "yesterday", "Proceed", "None")]
    [InlineData("GET", null, null, "\"v0\"", Newer, "Proceed", "None")]
    // §13.2.2: the first that is false decides.
    [InlineData("GET", "\"v0\"", null, "\"v1\"", null, "Failed", "IfMatch")]
    [InlineData("GET", "\"v1\"", null, "\"v1\"", Older, "NotModified", "IfNoneMatch")]
    [InlineData("GET", null, Older, "\"v1\"", null, "Failed", "IfUnmodifiedSince")]
    public void Fields_AreEvaluatedInOrder(
        string method, string? ifMatch, string? ifUnmodifiedSince, string? ifNoneMatch, string? ifModifiedSince, string outcome, string field)
    {
        var headers = new HeaderDictionary
        {
            ["If-Match"] = ifMatch,
            ["If-Unmodified-Since"] = ifUnmodifiedSince,
            ["If-None-Match"] = ifNoneMatch,
            ["If-Modified-Since"] = ifModifiedSince,
        };
        var verdict = Preconditions.Evaluate(method, headers, new Validators("\"v1\"", Changed));
        Assert.Equal((outcome, field), (verdict.Outcome.ToString(), verdict.Field.ToString()));
    }

    [Fact]
    public void NoRepresentation_FailsIfMatchAndPassesIfNoneMatch()
    {
        var missing = new Validators(null, Exists: false);
        Assert.Equal(PreconditionOutcome.Failed, Preconditions.Evaluate("PUT", new HeaderDictionary { ["If-Match"] = "*" }, missing).Outcome);
        Assert.Equal(PreconditionOutcome.Proceed, Preconditions.Evaluate("PUT", new HeaderDictionary { ["If-None-Match"] = "*" }, missing).Outcome);
    }

    [Fact]
    public void NoLastModified_IgnoresDates()
    {
        var headers = new HeaderDictionary { ["If-Modified-Since"] = Newer, ["If-Unmodified-Since"] = Older };
        Assert.Equal(default, Preconditions.Evaluate("GET", headers, new Validators("\"v1\"")));
    }
}
