using System.Globalization;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Resp.Tests.Servers;

/// <summary>The real server is killed, or stands still, while it is used.</summary>
public sealed class OutageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task KillInTheMiddleOfThousandsOfCalls_EachHasAnOutcome_AndItsOwn(int seed)
    {
        await using var server = await RedisServer.StartAsync();
        await using var connection = await ConnectAsync(server, new FakeTimeProvider());
        var (succeeded, failed) = (0, 0);
        var enough = new TaskCompletionSource();
        var callers = Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + caller);
            for (var i = 0; ; i++)
            {
                var argument = string.Create(CultureInfo.InvariantCulture, $"{caller}/{i}/{new string('x', random.Next(2000))}");
                try
                {
                    Assert.Equal("$" + argument, await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("ECHO", argument))));
                    if (Interlocked.Increment(ref succeeded) == 5000)
                        enough.SetResult();
                }
                catch (RespConnectionException)
                {
                    Interlocked.Increment(ref failed);
                    return;
                }
            }
        })).ToArray();

        await ScriptedPeer.Soon(enough.Task);
        await server.KillAsync();
        await ScriptedPeer.Soon(Task.WhenAll(callers));
        Assert.Equal(64, failed);
        await ScriptedPeer.Soon(connection.Ended);
        Assert.Equal(0, connection.InLine);
    }

    [Fact]
    public async Task ServerThatStandsStill_TimesOut_AndItsLateRepliesReachNobody()
    {
        await using var server = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var connection = await ConnectAsync(server, time);
        await server.PauseAsync();
        var late = Enumerable.Range(0, 200).Select(i => EchoAsync(connection, $"late {i}")).ToArray();
        Pass(time, seconds: 1.25);
        foreach (var call in late)
            await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(call));
        Assert.Equal(200, connection.InLine);

        // Those who ask now stand behind the late ones.
        var later = Enumerable.Range(0, 200).Select(i => EchoAsync(connection, $"later {i}")).ToArray();
        await server.ContinueAsync();
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"$later {i}"), await ScriptedPeer.Soon(Task.WhenAll(later)), StringComparer.Ordinal);
        Assert.Equal(0, connection.InLine);
        Assert.Null(connection.Fault);
    }

    [Fact]
    public async Task ServerThatStandsStillForLong_EndsTheConnection()
    {
        await using var server = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var connection = await ConnectAsync(server, time);
        await server.PauseAsync();
        var late = EchoAsync(connection, "late");
        Pass(time, seconds: 2.25);
        await Assert.ThrowsAsync<RespTimeoutException>(() => ScriptedPeer.Soon(late));
        await ScriptedPeer.Soon(connection.Ended);
        Assert.Equal("The server has stopped answering.", connection.Fault!.Message);
    }

    // Its socket takes no more: what is unsent is bounded, and who waits fails in time.
    [Fact]
    public async Task ServerThatReadsNothing_HoldsBackWhoSends()
    {
        await using var server = await RedisServer.StartAsync();
        var time = new FakeTimeProvider();
        await using var connection = await ConnectAsync(server, time, new RespConnectionSettings { MaxUnsentBytes = 1 << 20 });
        await server.PauseAsync();
        var value = new string('x', 1 << 20);
        var calls = Enumerable.Range(0, 40).Select(_ => EchoAsync(connection, value)).ToArray();
        Pass(time, seconds: 1.25);
        // One that was let in at that very moment is found late by the next look.
        while (!calls.All(call => call.IsCompleted))
        {
            Pass(time, seconds: 0.25);
            await Task.Yield();
        }

        var faults = new List<Exception?>();
        foreach (var call in calls)
            faults.Add(await Record.ExceptionAsync(() => ScriptedPeer.Soon(call)));
        Assert.Contains(faults, fault => fault is RespTimeoutException);
        Assert.Contains(faults, fault => fault is RespConnectionException { MayHaveRun: false });
        Assert.All(faults, fault => Assert.IsAssignableFrom<RespException>(fault));
    }

    private static void Pass(FakeTimeProvider time, double seconds)
    {
        for (; seconds > 0; seconds -= 0.25)
            time.Advance(TimeSpan.FromSeconds(0.25));
    }

    private static Task<string> EchoAsync(RespConnection connection, string text) => ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("ECHO", text)));

    private static Task<RespConnection> ConnectAsync(RedisServer server, TimeProvider time, RespConnectionSettings? settings = null) =>
        RespConnection.ConnectAsync(server.EndPoint, settings ?? new RespConnectionSettings(), null, time, default);
}
