using Freshet.AspNetCore.Security;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Coherence;
using Freshet.Storage;
using Freshet.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Security;

public class MustLoadTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly string Token = SessionToken.Create(Key, Tenant.Default, new SessionPositions(new Position(new Epoch(42), 1), null));

    private static SwitchedLogs Logs(IServiceProvider services) => (SwitchedLogs)services.GetRequiredService<IInvalidationStore>();

    // Something that authentication has read is written before the cache looks the key up.
    private static Task<TestApp> StartAsync(bool isShared, Action<HttpContext>? afterwards = null, Action<HttpContext>? load = null) => TestApp.StartAsync(
        a => a.MapGet("/x", (HttpContext http) =>
        {
            load?.Invoke(http);
            return "x";
        }).Cached(c => c.Tag("role")),
        freshet: f => f.Http(o => o.SessionKey = Key),
        services: s =>
        {
            TestEngine.Add(s);
            if (isShared)
                s.AddSingleton<IInvalidationStore>(p => new SwitchedLogs(p.GetRequiredService<TagClocks>()));
        },
        pipeline: a => a.Use(async (context, next) =>
        {
            if (context.Request.Headers.ContainsKey("Role-Changes"))
            {
                await context.RequestServices.GetRequiredService<TestEngine>().Engine.InvalidateAsync(Tenant.Default, [Tag.Of("role")]);
                afterwards?.Invoke(context);
            }

            await next(context);
        }));

    [Theory]
    [InlineData(true, "Freshet-Position", "")]
    [InlineData(true, "Cookie", "a=b; Freshet-Position=")]
    [InlineData(false, "Freshet-Position", "")]
    public async Task C1_TouchedAfterTheEntryOfWhoMustLoad_IsNotStored(bool isShared, string field, string before)
    {
        await using var app = await StartAsync(isShared);
        var loaded = await app.GetAsync("/x", ("Role-Changes", "1"), (field, before + Token));
        Assert.Equal("MISS", loaded.XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x")).XCache());
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Fact]
    public async Task C1_TouchedBeforeContactIsLost_IsNotStored()
    {
        await using var app = await StartAsync(
            isShared: true,
            afterwards: http => Logs(http.RequestServices).IsCut = true,
            load: http => Logs(http.RequestServices).IsCut = false);
        await app.GetAsync("/x", ("Role-Changes", "1"));
        Assert.Equal("MISS", (await app.GetAsync("/x")).XCache());
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Theory]
    [InlineData("Freshet-Position", "?", false)]
    [InlineData("Freshet-Position", "x", true)]
    [InlineData("Cookie", "a=1", false)]
    [InlineData("Cookie", "a=1; Freshet-Position=x", true)]
    public void MayCarry_IsACheapLook(string field, string value, bool expected)
    {
        var headers = new HeaderDictionary { [field] = value };
        Assert.Equal(expected, SessionCarrier.MayCarry(headers));
    }
}
