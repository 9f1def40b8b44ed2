using Freshet.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.AspNetCore.Tests.Http;

public class BufferedBodyTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task DisposedWhileItsTimerPassesItOn_WaitsForTheTimer()
    {
        var time = new FakeTimeProvider();
        var goOn = new TaskCompletionSource<Stream>(TaskCreationOptions.RunContinuationsAsynchronously);
        var body = new BufferedBody(100, () => false, (_, _) => new(goOn.Task), time, Grace);
        await body.FlushAsync();
        time.Advance(Grace);

        var disposing = body.DisposeAsync();
        Assert.False(disposing.IsCompleted);
        goOn.SetResult(Stream.Null);
        await disposing;
    }

    [Fact]
    public async Task TimerAndDisposalAtOnce_NothingIsPassedOnAfterwards()
    {
        var late = 0;
        var passed = 0;
        for (var i = 0; i < 2000; i++)
        {
            var time = new FakeTimeProvider();
            var isOver = false;
            var body = new BufferedBody(
                100,
                () => false,
                async (_, _) =>
                {
                    passed++;
                    await Task.Yield();
                    if (Volatile.Read(ref isOver))
                        Interlocked.Increment(ref late);
                    return Stream.Null;
                },
                time,
                Grace);
            await body.WriteAsync("x"u8.ToArray());
            await body.FlushAsync();
            using var start = new Barrier(2);
            await Task.WhenAll(
                Task.Run(() =>
                {
                    start.SignalAndWait();
                    time.Advance(Grace);
                }),
                Task.Run(async () =>
                {
                    start.SignalAndWait();
                    if (i % 2 == 0)
                        await body.DisposeAsync();
                    else
                        body.Dispose();
                    Volatile.Write(ref isOver, true);
                }));
        }

        Assert.Equal(0, late);
        Assert.True(passed > 0);
    }
}
