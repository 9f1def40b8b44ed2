using System.Net.WebSockets;
using System.Text;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Freshet.AspNetCore.Tests.Events;

/// <summary>Whatever a client sends, it gets a close with the right code, and nobody else notices.</summary>
public class BadInputTests
{
    private const byte Text = 0x81;

    private static async Task OthersAreUnharmedAsync(TestApp app, EventSocket bystander)
    {
        await app.WriteAsync("import", "42");
        Assert.Equal("cache_invalidation", (await bystander.ReadAsync()).Type);
        await WebSocketTests.SpinAsync(() => app.Events().Count == 1);
        Assert.Empty(app.Log.Errors);
    }

    [Theory]
    [InlineData("", 1007)]
    [InlineData("hello", 1007)]
    [InlineData("[]", 1007)]
    [InlineData("{\"type\":\"ping\"", 1007)]
    [InlineData("{\"type\":\"ping\",\"type\":\"ping\"}", 1007)]
    [InlineData("{\"type\":\"\\ud800\"}", 1007)]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}", 1007)]
    [InlineData("{}", 1008)]
    [InlineData("{\"type\":7}", 1008)]
    [InlineData("{\"type\":\"delete_everything\"}", 1008)]
    [InlineData("{\"type\":\"subscribe\",\"data\":[]}", 1008)]
    [InlineData("{\"type\":\"subscribe\",\"data\":{\"entities\":\"import\"}}", 1008)]
    [InlineData("{\"type\":\"subscribe\",\"data\":{\"entities\":[\"tenant:globex/import\"]}}", 1008)]
    [InlineData("{\"type\":\"subscribe\",\"data\":{\"entities\":[null]}}", 1008)]
    public async Task HostileText_IsClosed(string text, int code)
    {
        await using var app = await EventApp.StartAsync();
        await using var bystander = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        await using (var client = await EventSocket.ReadyAsync(app))
        {
            await client.SendAsync(text);
            Assert.Equal(code, (await WebSocketTests.CloseOfAsync(client)).Item1);
        }

        await OthersAreUnharmedAsync(app, bystander);
    }

    [Fact]
    public async Task TooManyNames_AreClosed()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        var names = string.Join(',', Enumerable.Repeat("\"import\"", 65));
        await client.SendAsync($$$"""{"type":"subscribe","data":{"entities":[{{{names}}}]}}""");
        Assert.Equal(1008, (await WebSocketTests.CloseOfAsync(client)).Item1);
    }

    [Fact]
    public async Task InvalidUtf8_IsClosedWith1007()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        await client.SendAsync([.. "{\"type\":\"ping\",\"x\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        Assert.Equal(1007, (await WebSocketTests.CloseOfAsync(client)).Item1);
    }

    [Fact]
    public async Task Binary_IsClosedWith1003()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        await client.SendAsync("{\"type\":\"ping\"}"u8.ToArray(), WebSocketMessageType.Binary);
        Assert.Equal(1003, (await WebSocketTests.CloseOfAsync(client)).Item1);
    }

    [Fact]
    public async Task Oversized_IsClosedWith1009_InOneFrameOrInMany()
    {
        await using var app = await EventApp.StartAsync();
        await using (var client = await EventSocket.ReadyAsync(app))
        {
            await client.SendAsync(new string(' ', 4097));
            Assert.Equal(1009, (await WebSocketTests.CloseOfAsync(client)).Item1);
        }

        await using (var client = await EventSocket.ReadyAsync(app))
        {
            for (var i = 0; i < 5; i++)
                await client.SendAsync(Encoding.ASCII.GetBytes(new string(' ', 1000)), isEnd: false);
            Assert.Equal(1009, (await WebSocketTests.CloseOfAsync(client)).Item1);
        }
    }

    [Fact]
    public async Task Fragments_OfAGoodMessage_AreUnderstood()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        var text = "{\"type\":\"ping\"}"u8.ToArray();
        foreach (var one in text[..^1])
            await client.SendAsync([one], isEnd: false);
        await client.SendAsync([text[^1]]);
        Assert.Equal("heartbeat", (await client.ReadAsync()).Type);
    }

    [Fact]
    public async Task TooManyMessages_AreClosedWith1008()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        for (var i = 0; i < 21; i++)
            await client.SendAsync("""{"type":"ping"}""");
        Assert.Equal((1008, "at most 20 messages in 10 s"), await WebSocketTests.CloseOfAsync(client));
    }

    [Fact]
    public async Task EndlessEmptyParts_AreClosedWith1008()
    {
        await using var app = await EventApp.StartAsync();
        await using var client = await EventSocket.ReadyAsync(app);
        await client.SendAsync(Encoding.UTF8.GetBytes("{"), isEnd: false);
        for (var i = 0; i < 200; i++)
            await client.SendAsync([], isEnd: false);
        Assert.Equal(1008, (await WebSocketTests.CloseOfAsync(client)).Item1);
    }

    [Fact]
    public async Task WrongFrames_AreClosedWith1002()
    {
        await using var app = await EventApp.StartAsync();
        await using var bystander = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        (byte Head, bool IsMasked, ulong? Length)[] wrong =
        [
            (Text, false, null), // not masked (§5.1)
            (0xF1, true, null), // reserved bits (§5.2)
            (0x83, true, null), // no such opcode
            (0x80, true, null), // goes on with what never began (§5.4)
            (0x09, true, null), // a ping in fragments (§5.5)
            (Text, true, ulong.MaxValue), // a length with the highest bit set
        ];
        foreach (var (head, isMasked, length) in wrong)
        {
            using var raw = await RawSocket.ConnectAsync(app);
            await raw.SendAsync(head, "{\"type\":\"ping\"}"u8.ToArray(), length, isMasked);
            Assert.Equal((head, 1002), (head, await raw.CloseCodeAsync()));
        }

        await OthersAreUnharmedAsync(app, bystander);
    }

    [Fact]
    public async Task HugeLengthThatNeverComes_CostsNothing_AndIsClosedWith1009()
    {
        await using var app = await EventApp.StartAsync();
        using var raw = await RawSocket.ConnectAsync(app);
        await raw.SendAsync(Text, new byte[5000], length: 1UL << 40);
        Assert.Equal(1009, await raw.CloseCodeAsync());
    }

    [Fact]
    public async Task ClientThatNeverReads_IsLetGo_AndDelaysNobody()
    {
        await using var app = await EventApp.StartAsync();
        await using var bystander = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        using var deaf = await RawSocket.ConnectAsync(app, receiveBuffer: 1024);
        // 200 rows a record make messages of some kilobytes, more than the sockets and pipes between hold in the end.
        var tags = Enumerable.Range(0, 100).Select(i => Tag.Of("import", $"{i}")).ToArray();
        for (var i = 0; i < 5000 && app.Events().Count == 2; i++)
        {
            await app.Engine.InvalidateAsync(EventApp.Acme, tags);
            await HearAsync();
            // Perhaps it is only slow just now: then it is not let go, and the next one follows.
            if (app.Events().ConnectionsOf(EventApp.Acme).Any(c => c.IsSending && c.Client.User == "alice"))
                app.Time.Advance(TimeSpan.FromSeconds(31));
        }

        await WebSocketTests.SpinAsync(() => app.Events().Count == 1);
        await app.WriteAsync("import", "42");
        await HearAsync();

        async Task HearAsync()
        {
            while ((await bystander.ReadAsync()).Type is not "cache_invalidation")
            {
                // A beat.
            }
        }
    }

    [Fact]
    public async Task ClientThatDoesNotAnswerTheClose_DoesNotHoldUpAServerThatStops()
    {
        await using var app = await EventApp.StartAsync();
        using var deaf = await RawSocket.ConnectAsync(app);
        await WebSocketTests.SpinAsync(() => app.Events().ConnectionsOf(EventApp.Acme).Length == 1);
        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal(1001, await deaf.CloseCodeAsync());
        app.Time.Advance(TimeSpan.FromSeconds(6));
        await WebSocketTests.SpinAsync(() => app.Events().Count == 0);
    }

    [Fact]
    public async Task SlowClient_IsToldOnce_OfAllThatItMissed()
    {
        await using var app = await EventApp.StartAsync();
        using var slow = await RawSocket.ConnectAsync(app, receiveBuffer: 1024);
        var tags = Enumerable.Range(0, 100).Select(i => Tag.Of("import", $"{i}")).ToArray();
        // Sending alone does not say that the client is slow: it is when a message waits for it throughout so many records.
        for (var waited = 0; waited < 2000; waited = app.Events().ConnectionsOf(EventApp.Acme).Any(c => c.IsSending) ? waited + 1 : 0)
            await app.Engine.InvalidateAsync(EventApp.Acme, tags);

        // More than the log holds: what waited is one message, and it says that the log no longer reaches back.
        var text = new StringBuilder();
        var buffer = new byte[65536];
        while (!text.ToString().Contains("\"resync\"", StringComparison.Ordinal) || text[^1] != '}')
            text.Append(Encoding.Latin1.GetString(buffer, 0, await slow.Stream.ReadAsync(buffer, TestContext.Current.CancellationToken)));
        Assert.Contains("\"reason\":\"trimmed\"", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThousandsOfHandshakes_LeaveNothingBehind()
    {
        await using var app = await EventApp.StartAsync(o => o.MaxConnectionsPerUser = 10_000);
        await using var bystander = await EventSocket.ReadyAsync(app, "bob;tenant=acme");
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            using var raw = await RawSocket.ConnectAsync(app);
        });
        await OthersAreUnharmedAsync(app, bystander);
    }
}
