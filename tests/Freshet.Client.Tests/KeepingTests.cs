using System.Net.Http.Headers;

namespace Freshet.Client.Tests;

public class KeepingTests
{
    private static readonly string Here = Script.At(5, 3);

    [Fact]
    public async Task OtherFieldThatTheAnswerVariesBy_Asks()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        Assert.Equal(("dark", false), await rig.GetAsync("/a", Script.Ok("dark", more: ("Vary", "X-Theme, X-Zone")), ("X-Theme", "dark")));
        Assert.Equal(("dark", true), await rig.GetAsync("/a", headers: ("X-Theme", "dark")));
        Assert.Equal(("light", false), await rig.GetAsync("/a", Script.Ok("light", more: ("Vary", "X-Theme")), ("X-Theme", "light")));
        // Nor is its entity tag of use: it names the other variant.
        Assert.False(rig.Sent.ContainsKey("If-None-Match"));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("X-Theme, *")]
    [InlineData("cookie")]
    public async Task AnswerForNobodyKnowsWhichRequests_IsNotKept(string vary)
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one", more: ("Vary", vary)));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task CodingThatTheInnerHandlerDecodes_IsNothingToVaryBy()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        // What SocketsHttpHandler does with AutomaticDecompression: it asks by itself, and takes the coding off the answer.
        await rig.GetAsync("/a", request =>
        {
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("br"));
            return Script.Ok("one", more: ("Vary", "Accept-Encoding"));
        });
        Assert.Equal(("one", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task CodingThatTheCallerDecodes_IsVariedBy()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("coded", more: [("Vary", "Accept-Encoding"), ("Content-Encoding", "br")]), ("Accept-Encoding", "br"));
        Assert.Equal(("coded", true), await rig.GetAsync("/a", headers: ("Accept-Encoding", "br")));
        Assert.Equal(("plain", false), await rig.GetAsync("/a", Script.Ok("plain")));
    }

    [Fact]
    public async Task C11_OlderRequestsAnswerThatComesLater_DoesNotReplace()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        // Both at one reading of the clock.
        var older = rig.Depart("/a");
        var newer = rig.Depart("/a");
        Assert.Equal(("new", false), await newer.AnswerAsync(Script.Ok("new")));
        Assert.Equal(("old", false), await older.AnswerAsync(Script.Ok("old")));
        Assert.Equal(("new", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task C11_NewerRequestsAnswer_Replaces()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        var older = rig.Depart("/a");
        var newer = rig.Depart("/a");
        await older.AnswerAsync(Script.Ok("old"));
        await newer.AnswerAsync(Script.Ok("new"));
        Assert.Equal(("new", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task C11_AnswerThatATouchOvertook_DoesNotReplaceOneThatNoneDid()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        var untouched = rig.Depart("/a");
        var overtaken = rig.Depart("/a");
        await untouched.AnswerAsync(Script.Ok("one", groups: "g"));
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "h"), CacheEventKind.Invalidation);
        Assert.Equal(("two", false), await overtaken.AnswerAsync(Script.Ok("two", groups: "h")));
        Assert.Equal(("one", true), await rig.GetAsync("/a"));
    }

    [Fact]
    public async Task AnswerWithACookie_IsNotKept()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one", more: ("Set-Cookie", "a=1")));
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task CookieOfA304_IsNotGivenAgain_AndItsOtherFieldsAre()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one", more: ("X-Rate", "1")));
        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "g"), CacheEventKind.Invalidation);
        Assert.Equal(("one", false), await rig.GetAsync("/a", Script.NotModified(more: [("Set-Cookie", "a=1"), ("X-Rate", "2")])));
        using var kept = await rig.Http.GetAsync(new Uri("/a", UriKind.Relative));
        Assert.NotNull(FreshetHandler.AgeOf(kept));
        Assert.False(kept.Headers.Contains("Set-Cookie"));
        Assert.Equal("2", kept.Headers.GetValues("X-Rate").Single());
    }

    // SocketsHttpHandler follows a redirection with the request that it was given.
    [Fact]
    public async Task RedirectedGet_IsNotKeptUnderItsFirstAddress()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/latest", request =>
        {
            request.RequestUri = new Uri(request.RequestUri!, "/a");
            return Script.Ok("one");
        });
        Assert.Equal(("two", false), await rig.GetAsync("/latest", Script.Ok("two")));
        Assert.False(rig.Sent.ContainsKey("If-None-Match"));
    }

    [Theory]
    [InlineData("GET", "/done")]
    [InlineData("GET", "/write")]
    [InlineData("POST", "/done")]
    public async Task RedirectedWrite_DropsEverything(string method, string path)
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.WriteAsync(request =>
        {
            (request.Method, request.RequestUri) = (new HttpMethod(method), new Uri(request.RequestUri!, path));
            return new HttpResponseMessage();
        });
        Assert.Equal(("two", false), await rig.GetAsync("/a", Script.Ok("two")));
    }

    [Fact]
    public async Task RequestThatIsSentAgain_CarriesNothingOfItsLastTime()
    {
        var (rig, events) = await ScriptedRig.ReadyAsync(Here);
        await using var _ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        using var invoker = new HttpMessageInvoker(rig.Client.CreateHandler(rig), disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(rig.Http.BaseAddress!, "/a"));
        using var kept = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.NotNull(FreshetHandler.AgeOf(kept));

        await rig.TellAsync(events, Script.Touched(Script.At(6, 3), "g"), CacheEventKind.Invalidation);
        rig.Answer = _ => throw new IOException("cut");
        await Assert.ThrowsAsync<IOException>(() => invoker.SendAsync(request, TestContext.Current.CancellationToken));
        Assert.True(rig.Sent.ContainsKey("If-None-Match"));
        rig.Answer = _ => Task.FromResult(Script.NotModified());
        using var again = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(("one", null), (await again.Content.ReadAsStringAsync(), FreshetHandler.AgeOf(again)));
    }

    [Fact]
    public async Task DisposedClient_SendsEverything_KeepsNothing_AndMayBeDisposedAgain()
    {
        var (rig, _) = await ScriptedRig.ReadyAsync(Here);
        await using var __ = rig;
        await rig.GetAsync("/a", Script.Ok("one"));
        await rig.Client.DisposeAsync();
        await rig.Client.DisposeAsync();
        Assert.False(rig.Client.IsInContact);
        foreach (var text in new[] { "two", "three" })
        {
            Assert.Equal((text, false), await rig.GetAsync("/a", Script.Ok(text)));
            Assert.False(rig.Sent.ContainsKey("If-None-Match"));
        }
    }
}
