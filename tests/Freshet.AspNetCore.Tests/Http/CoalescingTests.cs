using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;

namespace Freshet.AspNetCore.Tests.Http;

public class CoalescingTests
{
    [Fact]
    public async Task SimultaneousRequests_ShareOneLoad()
    {
        var loads = 0;
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var arrived = new SemaphoreSlim(0);
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async () =>
            {
                loads++;
                running.SetResult();
                await goOn.Task;
                return "x";
            }).Cached(),
            pipeline: a => a.Use((context, next) =>
            {
                var serving = next(context);
                arrived.Release();
                return serving;
            }));

        var requests = Enumerable.Range(0, 20).Select(_ => app.GetAsync("/x")).ToArray();
        await running.Task;
        for (var i = 0; i < requests.Length; i++)
            await arrived.WaitAsync();
        goOn.SetResult();
        var answers = await Task.WhenAll(requests);

        Assert.Equal(1, loads);
        Assert.All(answers, a => Assert.Equal("MISS", a.XCache()));
        Assert.Equal(19, answers.Count(a => a.CacheStatus() == "Freshet; fwd=uri-miss; fwd-status=200; collapsed; ttl=300; detail=coalesced"));
    }

    [Fact]
    public async Task LeaderThatLeaves_DoesNotKillWhoWaits()
    {
        var loads = 0;
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var followed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", async (CancellationToken cancel) =>
            {
                loads++;
                running.SetResult();
                await goOn.Task.WaitAsync(cancel);
                return "x";
            }).Cached(),
            pipeline: a => a.Use((context, next) =>
            {
                if (context.Request.Headers.ContainsKey("X-Leader"))
                    context.RequestAborted.Register(left.SetResult);
                var serving = next(context);
                if (!context.Request.Headers.ContainsKey("X-Leader"))
                    followed.SetResult();
                return serving;
            }));

        using var abort = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/x"));
        request.Headers.Add("X-Leader", "1");
        var leader = app.Client.SendAsync(request, abort.Token);
        await running.Task;
        var follower = app.GetAsync("/x");
        await followed.Task;
        await abort.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        await left.Task;
        goOn.SetResult();

        Assert.Equal("x", await (await follower).TextAsync());
        Assert.Equal(1, loads);
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }

    [Fact]
    public async Task LoadThatNobodyWantsAnyLonger_IsCancelled()
    {
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", async (CancellationToken cancel) =>
        {
            cancel.Register(cancelled.SetResult);
            running.SetResult();
            await cancelled.Task;
            cancel.ThrowIfCancellationRequested();
            return "x";
        }).Cached());

        using var abort = new CancellationTokenSource();
        var request = app.Client.GetAsync(new Uri(app.Address, "/x"), abort.Token);
        await running.Task;
        await abort.CancelAsync();
        await cancelled.Task;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task C5_ReaderAfterInvalidation_NeverGetsTheOldLoad()
    {
        var loads = 0;
        var running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", async () =>
        {
            var load = Interlocked.Increment(ref loads);
            if (load == 1)
            {
                running.SetResult();
                await goOn.Task;
            }

            return $"load {load}";
        }).Cached(c => c.Tag("x")));

        var slow = app.GetAsync("/x");
        await running.Task;
        await app.TouchAsync("x");
        var late = app.GetAsync("/x");
        goOn.SetResult();

        Assert.Equal("load 1", await (await slow).TextAsync());
        Assert.Equal("load 2", await (await late).TextAsync());
        Assert.Equal("load 2", await (await app.GetAsync("/x")).TextAsync());
    }

    [Fact]
    public async Task C1_TouchDuringAuthentication_MakesTheAnswerStale()
    {
        // What authentication read may be from before the touch; the fence is from before authentication.
        TestApp? running = null;
        var touch = true;
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "x").Cached(c => c.Tag("x")),
            pipeline: a => a.Use(async (context, next) =>
            {
                if (touch)
                {
                    touch = false;
                    await running!.TouchAsync("x");
                }

                await next(context);
            }));
        running = app;

        var first = await app.GetAsync("/x");
        Assert.Contains("detail=touched-during-load", first.CacheStatus(), StringComparison.Ordinal);
        Assert.Equal("MISS", (await app.GetAsync("/x")).XCache());
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
    }
}
