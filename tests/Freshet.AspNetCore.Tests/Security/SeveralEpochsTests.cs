using Freshet.AspNetCore.Security;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Coherence;
using Freshet.Storage;
using Freshet.Tests.Shared;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Security;

/// <summary>Clients that have written in an epoch which their node does not follow, where nodes share the logs.</summary>
public class SeveralEpochsTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly Position Lost = new(new Epoch(42), 7);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Over = Limit + TimeSpan.FromSeconds(1); // and MaxStaleness

    private static Task<TestApp> StartAsync(bool isShared = true) => TestApp.StartAsync(
        a =>
        {
            a.MapGet("/x", () => "x").Cached(c => c.Tag("x"));
            a.MapPost("/y", async (TestEngine engine) => await engine.Engine.InvalidateAsync(Tenant.Default, [Tag.Of("y")]));
        },
        freshet: f => f.Http(o => (o.SessionKey, o.IsolationLimit) = (Key, Limit)),
        services: s =>
        {
            TestEngine.Add(s);
            if (isShared)
                s.AddSingleton<IInvalidationStore>(p => new SwitchedLogs(p.GetRequiredService<TagClocks>()));
        });

    private static SwitchedLogs Logs(TestApp app) => (SwitchedLogs)app.Services.GetRequiredService<IInvalidationStore>();

    private static string Token(params Position[] own) =>
        SessionToken.Create(Key, Tenant.Default, new CarriedPositions(own.Aggregate(default(LogPositions), (all, p) => all.With(p)), default));

    private static Position[] Read(string token) => SessionToken.Read(Key, Tenant.Default, token).Own.All.ToArray();

    [Fact]
    public async Task C10_WriteInAnotherEpoch_DoesNotForgetTheFirst()
    {
        await using var app = await StartAsync();
        var write = await app.SendAsync(HttpMethod.Post, "/y", ("Freshet-Position", Token(Lost)));
        Assert.Equal([Lost, app.Engine.Applied(Tenant.Default)], Read(write.Header("Freshet-Position")));
        Assert.Equal("MISS", (await app.GetAsync("/x")).XCache());
        Assert.Equal("MISS", (await app.GetAsync("/x", ("Freshet-Position", write.Header("Freshet-Position")))).XCache());
    }

    [Fact]
    public async Task C10_LoadInAnotherEpoch_KeepsThePosition_UntilNobodyCanWriteThere()
    {
        await using var app = await StartAsync();
        await app.TouchAsync("other");
        var carried = Token(Lost);
        await app.GetAsync("/x");
        for (var i = 0; i < 3; i++)
        {
            var loaded = await app.GetAsync("/x", ("Freshet-Position", carried));
            Assert.Equal("MISS", loaded.XCache());
            carried = loaded.Header("Freshet-Position") is { Length: > 0 } renewed ? renewed : carried;
            Assert.Equal([Lost, app.Engine.Applied(Tenant.Default)], Read(carried));
            app.Time.Advance(Limit / 3);
        }

        Assert.Equal("MISS", (await app.GetAsync("/x", ("Freshet-Position", carried))).XCache()); // contact may be as old as MaxStaleness
        app.Time.Advance(Over - Limit + TimeSpan.FromMilliseconds(1));
        Assert.Equal("HIT", (await app.GetAsync("/x", ("Freshet-Position", carried))).XCache());
        // What is over is carried no longer than to the next answer that names a position.
        var write = await app.SendAsync(HttpMethod.Post, "/y", ("Freshet-Position", carried));
        Assert.Equal([app.Engine.Applied(Tenant.Default)], Read(write.Header("Freshet-Position")));
    }

    [Fact]
    public async Task C10_OneEpochIsOver_TheOtherStillCounts()
    {
        await using var app = await StartAsync();
        var later = new Position(new Epoch(43), 1);
        await app.GetAsync("/x", ("Freshet-Position", Token(Lost)));
        app.Time.Advance(Over + TimeSpan.FromMilliseconds(1));
        Assert.Equal("HIT", (await app.GetAsync("/x", ("Freshet-Position", Token(Lost)))).XCache());
        var loaded = await app.GetAsync("/x", ("Freshet-Position", Token(Lost, later)));
        Assert.Equal("MISS", loaded.XCache());
        Assert.Equal(later, Read(loaded.Header("Freshet-Position"))[0]);
    }

    [Fact]
    public async Task C10_OutOfContact_NothingIsOver_ForTheOtherEpochMayBeTheNewerOne()
    {
        await using var app = await StartAsync();
        await app.TouchAsync("other");
        var later = new Position(new Epoch(43), 1);
        await app.GetAsync("/x", ("Freshet-Position", Token(Lost)));
        Logs(app).IsCut = true;
        app.Time.Advance(2 * Limit);
        var loaded = await app.GetAsync("/x", ("Freshet-Position", Token(Lost, later)));
        Assert.Equal([Lost, later, app.Engine.Applied(Tenant.Default)], Read(loaded.Header("Freshet-Position")));

        // That it was met before counts once the node is in contact.
        Logs(app).IsCut = false;
        loaded = await app.GetAsync("/x", ("Freshet-Position", Token(Lost, later)));
        Assert.Equal([later, app.Engine.Applied(Tenant.Default)], Read(loaded.Header("Freshet-Position")));
    }

    [Fact]
    public async Task C10_AheadOfTheNode_StaysAsItIs()
    {
        await using var app = await StartAsync();
        await app.TouchAsync("other");
        var ahead = app.Engine.Applied(Tenant.Default) with { Offset = 9 };
        var loaded = await app.GetAsync("/x", ("Freshet-Position", Token(ahead)));
        Assert.Equal(("MISS", ""), (loaded.XCache(), loaded.Header("Freshet-Position")));
    }

    [Fact]
    public async Task OneProcess_ItsFormerLifeIsOverAtOnce()
    {
        await using var app = await StartAsync(isShared: false);
        await app.TouchAsync("other");
        var loaded = await app.GetAsync("/x", ("Freshet-Position", Token(Lost)));
        Assert.Equal([app.Engine.Applied(Tenant.Default)], Read(loaded.Header("Freshet-Position")));
        app.Time.Advance(Over - Limit + TimeSpan.FromMilliseconds(1));
        Assert.Equal("HIT", (await app.GetAsync("/x", ("Freshet-Position", Token(Lost)))).XCache());
    }

    [Fact]
    public void NodeFollowsAnotherEpoch_TheTimeBeginsAnew()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var foreign = new ForeignEpochs(time, Limit);
        Assert.False(foreign.IsOver(Tenant.Default, Lost.Epoch, new Epoch(1)));
        time.Advance(2 * Limit);
        Assert.True(foreign.IsOver(Tenant.Default, Lost.Epoch, new Epoch(1)));
        Assert.False(foreign.IsOver(Tenant.Default, Lost.Epoch, new Epoch(2)));
        Assert.False(foreign.IsOver(Tenant.Named("a"), Lost.Epoch, new Epoch(1)));
    }

    [Fact]
    public void AllLogsThatANodeFollowsWereLost_TheirPositionsAreOverAllTheSame()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var foreign = new ForeignEpochs(time, Limit);
        var logs = Enumerable.Range(0, 16_384).Select(i => Tenant.Named(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"t{i}"))).ToArray();
        for (var i = 0; i < 3; i++)
        {
            foreach (var log in logs)
                _ = foreign.IsOver(log, Lost.Epoch, new Epoch(1));
            time.Advance(Over);
        }

        Assert.True(logs.All(log => foreign.IsOver(log, Lost.Epoch, new Epoch(1))));
    }
}
