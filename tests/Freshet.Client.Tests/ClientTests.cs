namespace Freshet.Client.Tests;

public class ClientTests
{
    [Fact]
    public async Task SecondGet_IsGivenWithoutACall()
    {
        await using var rig = await ClientRig.ReadyAsync();
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
        Assert.Equal(("import 1 v0", true), await rig.GetAsync("/import/1"));
        Assert.Equal((1L, 1L), (rig.Client.Stats.Calls, rig.Client.Stats.Saved));
    }

    [Fact]
    public async Task Event_DropsWhatItTouches_AndNothingElse()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        await rig.GetAsync("/import/2");
        await rig.WriteAsync("1");
        var told = await rig.HearAsync(CacheEventKind.Invalidation);
        Assert.Equal(("import", "1", "updated"), (told.Entity, told.Id, told.Action));
        Assert.Equal(("import 1 v1", false), await rig.GetAsync("/import/1"));
        Assert.Equal(("import 2 v0", true), await rig.GetAsync("/import/2"));
    }

    [Fact]
    public async Task AnswerThatAnEventOvertakes_IsHandedOn_ButNotKept()
    {
        await using var rig = await ClientRig.ReadyAsync();
        rig.Wire.BeforeAnswer = async () =>
        {
            rig.Wire.BeforeAnswer = () => Task.CompletedTask;
            await rig.WriteAsync("1");
            await rig.HearAsync(CacheEventKind.Invalidation);
        };
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
        Assert.Equal(("import 1 v1", false), await rig.GetAsync("/import/1"));
        Assert.Equal(("import 1 v1", true), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task OwnWrite_DropsBeforeItsAnswerIsHandedOn_AndItsPositionIsCarried()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        using var write = await rig.Http.PostAsync(new Uri("/import/1", UriKind.Relative), null);
        Assert.Equal(("import 1 v1", false), await rig.GetAsync("/import/1"));
        var token = write.Headers.GetValues("Freshet-Position").Single();
        Assert.Contains(token.Split('.')[0], rig.Wire.Requests[^1].Headers.GetValues("Freshet-Position").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OwnWrite_IsFetchedOnce_ItsEventTellsNothingNew()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        using var write = await rig.Http.PostAsync(new Uri("/import/1", UriKind.Relative), null);
        Assert.Equal(("import 1 v1", false), await rig.GetAsync("/import/1"));
        await rig.HearAsync(CacheEventKind.Invalidation);
        Assert.Equal(("import 1 v1", true), await rig.GetAsync("/import/1"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FirstLoad_IsAskedForAgain_OnlyIfTouchedBeforeTheServerIsHeard(bool isTouched)
    {
        var mayConnect = new TaskCompletionSource();
        await using var rig = await ClientRig.StartAsync(mayConnect: mayConnect.Task);
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
        if (isTouched)
            await rig.WriteAsync("1");
        mayConnect.SetResult();
        await rig.HearAsync(CacheEventKind.Ready);
        Assert.Equal(isTouched ? ("import 1 v1", false) : ("import 1 v0", true), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task WriteWithoutAnAnswer_DropsEverything()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        await Assert.ThrowsAsync<HttpRequestException>(() => rig.Http.PostAsync(new Uri("/import/2?fail=1", UriKind.Relative), null));
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task TouchedButTheSame_IsRenewedBy304()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        await rig.App.TouchAsync("import/1", Tenant.Named("acme"));
        await rig.HearAsync(CacheEventKind.Invalidation);
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
        Assert.Equal(1, rig.Client.Stats.NotModified);
        Assert.Equal(("import 1 v0", true), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task LifetimeThatIsOver_Asks()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/short");
        // In small steps, so that the beats of the server keep the contact.
        for (var i = 0; i < 60; i++)
        {
            rig.App.Time.Advance(TimeSpan.FromSeconds(8));
            await rig.HearAsync(CacheEventKind.Heartbeat);
            rig.Time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.True(rig.Client.IsInContact);
        Assert.Equal(("short", false), await rig.GetAsync("/short"));
    }

    [Fact]
    public async Task SilenceOfTwoHeartbeats_EndsTrust_AndTheConnection()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        // To connect, to become ready, and to hear the next: else the clock moves before the client looks at it.
        await rig.Time.LimitsAsync(3);
        rig.Time.Advance(TimeSpan.FromSeconds(20));
        Assert.False(rig.Client.IsInContact);
        Assert.Equal(("import 1 v0", false), await rig.GetAsync("/import/1"));
        await rig.HearAsync(CacheEventKind.Lost);
        await rig.ConnectAgainAsync();
        Assert.Equal(("import 1 v0", true), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task CutConnection_ResumesWhereItWas()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/import/1");
        await rig.GetAsync("/import/2");
        rig.CutConnections();
        await rig.HearAsync(CacheEventKind.Lost);
        Assert.Equal(("import 2 v0", false), await rig.GetAsync("/import/2"));
        await rig.WriteAsync("1");

        var ready = await rig.ConnectAgainAsync();
        Assert.True(ready.IsResumed);
        Assert.Equal(("import 2 v0", true), await rig.GetAsync("/import/2"));
        Assert.Equal(("import 1 v1", false), await rig.GetAsync("/import/1"));
    }

    [Fact]
    public async Task RefusedUser_KeepsNothing()
    {
        await using var rig = await ClientRig.StartAsync(user: "bob");
        await rig.GetAsync("/plain");
        await Assert.ThrowsAsync<CacheEventsRefusedException>(async () =>
        {
            await foreach (var _ in new CacheEventFeed(new FreshetClientOptions
            {
                Events = new Uri(rig.App.Address, "/events"),
                Configure = o => o.SetRequestHeader("Authorization", "Test bob"),
            }).ReadAsync())
            {
            }
        });
        Assert.False(rig.Client.IsInContact);
        Assert.Equal(("plain", false), await rig.GetAsync("/plain"));
    }

    [Fact]
    public async Task AnswerThatIsNotCached_IsNotKept()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await rig.GetAsync("/plain");
        Assert.Equal(("plain", false), await rig.GetAsync("/plain"));
    }

    [Fact]
    public async Task OtherOrigin_IsLeftAlone()
    {
        await using var rig = await ClientRig.ReadyAsync();
        await using var other = await ClientRig.ReadyAsync();
        using var answer = await rig.Http.GetAsync(new Uri(other.App.Address, "/plain"));
        Assert.False(rig.Wire.Requests[^1].Headers.Contains("Freshet-Position"));
        Assert.Equal(0, rig.Client.Stats.Calls);
    }

    [Fact]
    public async Task Feed_TellsWhatHappens_FromAPositionOn()
    {
        await using var rig = await ClientRig.ReadyAsync();
        var options = new FreshetClientOptions
        {
            Events = new Uri(rig.App.Address, "/events"),
            Configure = o => o.SetRequestHeader("Authorization", "Test carol;tenant=acme"),
        };
        await using var reading = new CacheEventFeed(options).ReadAsync().GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        var ready = reading.Current;
        await rig.WriteAsync("1");
        Assert.True(await reading.MoveNextAsync());
        Assert.Equal("1", reading.Current.Id);

        await using var again = new CacheEventFeed(options).ReadAsync(ready.Position).GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync());
        Assert.Equal((CacheEventKind.Invalidation, "1"), (again.Current.Kind, again.Current.Id));
        Assert.True(await again.MoveNextAsync());
        Assert.True(again.Current is { Kind: CacheEventKind.Ready, IsResumed: true });
    }
}
