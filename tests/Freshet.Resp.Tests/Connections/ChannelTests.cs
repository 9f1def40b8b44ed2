using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>Subscriptions are answered by pushes; whatever is not answered by one reply cannot be sent as if it were.</summary>
public sealed class ChannelTests
{
    private static readonly RespChannel News = new("news"u8.ToArray());

    [Fact]
    public async Task Subscription_IsConfirmedByAPush_AndShiftsNothing()
    {
        await using var peer = new ScriptedPeer();
        var before = peer.Ask("GET", "1");
        var subscribed = peer.Connection.SubscribeAsync(News).AsTask();
        var after = peer.Ask("GET", "2");
        Assert.Equal(["GET 1", "subscribe news", "GET 2"], [await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync()]);

        // Another channel's message, and one of the same name, confirm nothing.
        peer.Say("+1\r\n>3\r\n+message\r\n$4\r\nnews\r\n$1\r\nx\r\n>3\r\n$9\r\nsubscribe\r\n$5\r\nother\r\n:1\r\n");
        Assert.Equal("+1", await ScriptedPeer.Soon(before));
        await peer.PushAsync();
        await peer.PushAsync();
        Assert.False(subscribed.IsCompleted);
        peer.Say(">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n+2\r\n");
        await ScriptedPeer.Soon(subscribed);
        Assert.Equal(">[$subscribe $news :1]", await peer.PushAsync());
        Assert.Equal("+2", await ScriptedPeer.Soon(after));
    }

    [Theory]
    [InlineData(true, false, "subscribe")]
    [InlineData(true, true, "ssubscribe")]
    [InlineData(false, false, "unsubscribe")]
    [InlineData(false, true, "sunsubscribe")]
    public async Task EveryChange_HasItsCommand_AndItsConfirmation(bool isSubscribe, bool isSharded, string name)
    {
        await using var peer = new ScriptedPeer();
        var channel = News with { IsSharded = isSharded };
        var changed = (isSubscribe ? peer.Connection.SubscribeAsync(channel) : peer.Connection.UnsubscribeAsync(channel)).AsTask();
        Assert.Equal(name + " news", await peer.HearAsync());
        peer.Say($">3\r\n${name.Length}\r\n{name}\r\n$4\r\nnews\r\n:1\r\n");
        await ScriptedPeer.Soon(changed);
        if (name == "sunsubscribe")
            peer.Say("%0\r\n");
        await peer.PushAsync();
        peer.Stream.Close();
        Assert.Equal("The server closed the connection.", (await peer.EndAsync()).Message);
    }

    // A server whose slot moves away ends the subscription by itself, with the very push that would confirm the end that is asked for;
    // then it refuses what was asked. Neither the refusal nor its absence may shift a reply.
    [Theory]
    [InlineData("{push}-MOVED 1 h:1\r\n{hello}", null)]
    [InlineData("{push}{push}{hello}", null)]
    [InlineData("{push}{hello}", null)]
    [InlineData("{push}-CLUSTERDOWN The cluster is down\r\n{hello}", null)]
    [InlineData("-MOVED 1 h:1\r\n{push}{hello}", "MOVED")]
    [InlineData("-MOVED 1 h:1\r\n{hello}", "MOVED")]
    public async Task SubscriptionThatTheServerEndsMeanwhile_ShiftsNothing(string said, string? fault)
    {
        await using var peer = new ScriptedPeer();
        var left = peer.Connection.UnsubscribeAsync(News with { IsSharded = true }).AsTask();
        var after = new[] { peer.Ask("GET", "2"), peer.Ask("GET", "3") };
        Assert.Equal(
            ["sunsubscribe news", "HELLO", "GET 2", "GET 3"], [await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync(), await peer.HearAsync()]);
        peer.Say(said
            .Replace("{push}", ">3\r\n$12\r\nsunsubscribe\r\n$4\r\nnews\r\n:0\r\n", StringComparison.Ordinal)
            .Replace("{hello}", "%1\r\n+proto\r\n:3\r\n", StringComparison.Ordinal) + "-ERR 2\r\n+3\r\n");
        Assert.Equal("ERR", (await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.Soon(after[0]))).Code);
        Assert.Equal("+3", await ScriptedPeer.Soon(after[1]));
        Assert.Equal(fault, (await Record.ExceptionAsync(() => ScriptedPeer.Soon(left)) as RespServerException)?.Code);
        Assert.Equal(0, peer.Connection.InLine);
    }

    [Fact]
    public async Task EndOfASubscription_ThatNobodyWaitsForAnyMore_ShiftsNothing()
    {
        await using var peer = new ScriptedPeer();
        using var leaving = new CancellationTokenSource();
        var left = peer.Connection.UnsubscribeAsync(News with { IsSharded = true }, leaving.Token).AsTask();
        var after = peer.Ask("GET", "2");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ScriptedPeer.Soon(left));
        peer.Say(">3\r\n$12\r\nsunsubscribe\r\n$4\r\nnews\r\n:0\r\n-MOVED 1 h:1\r\n%0\r\n+2\r\n");
        Assert.Equal("+2", await ScriptedPeer.Soon(after));
        Assert.Equal(0, peer.Connection.InLine);
    }

    [Fact]
    public async Task RefusedSubscription_Fails_AndShiftsNothing()
    {
        await using var peer = new ScriptedPeer();
        var (subscribed, after) = (peer.Connection.SubscribeAsync(News with { IsSharded = true }).AsTask(), peer.Ask("GET", "2"));
        peer.Say("-MOVED 1 127.0.0.1:7000\r\n+2\r\n");
        Assert.Equal("MOVED", (await Assert.ThrowsAsync<RespServerException>(() => ScriptedPeer.Soon(subscribed))).Code);
        Assert.Equal("+2", await ScriptedPeer.Soon(after));
    }

    // In a cluster the server ends a subscription by itself when the slot moves.
    [Fact]
    public async Task ConfirmationThatNobodyAskedFor_IsAPushLikeAnyOther()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask("GET", "1");
        peer.Say(">3\r\n$12\r\nsunsubscribe\r\n$4\r\nnews\r\n:0\r\n+1\r\n");
        Assert.Equal(">[$sunsubscribe $news :0]", await peer.PushAsync());
        Assert.Equal("+1", await ScriptedPeer.Soon(asked));
    }

    [Fact]
    public async Task ReplyInsteadOfAConfirmation_EndsTheConnection()
    {
        await using var peer = new ScriptedPeer();
        var (subscribed, after) = (peer.Connection.SubscribeAsync(News).AsTask(), peer.Ask("GET", "2"));
        peer.Say("+2\r\n");
        Assert.Equal("The server sent a reply where a subscription is confirmed by a push.", (await peer.EndAsync()).Message);
        await Assert.ThrowsAsync<RespProtocolException>(() => ScriptedPeer.Soon(subscribed));
        await Assert.ThrowsAsync<RespConnectionException>(() => ScriptedPeer.Soon(after));
    }

    [Theory]
    [InlineData("SUBSCRIBE", "news")]
    [InlineData("subscribe", "a", "b")]
    [InlineData("PSubscribe", "*")]
    [InlineData("SSUBSCRIBE", "news")]
    [InlineData("UNSUBSCRIBE")]
    [InlineData("PUNSUBSCRIBE")]
    [InlineData("SUNSUBSCRIBE", "x")]
    [InlineData("MONITOR")]
    [InlineData("SYNC")]
    [InlineData("PSYNC", "?", "-1")]
    [InlineData("RESET")]
    [InlineData("CLIENT", "REPLY", "OFF")]
    [InlineData("client", "reply", "skip")]
    public async Task CommandWithoutExactlyOneReply_IsRefused_AndNothingOfItIsSent(params string[] parts)
    {
        await using var peer = new ScriptedPeer();
        await Assert.ThrowsAsync<InvalidOperationException>(() => peer.Ask(parts));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedPeer.TextAsync(peer.Connection.SendAskingAsync(new RespCommand(parts))));
        Assert.Throws<InvalidOperationException>(() => peer.Connection.Send(new RespCommand(parts), new NotedReply(_ => Assert.Fail("It was never sent."))));
        Assert.Equal(0, peer.Connection.InLine);
        Assert.False(peer.HasMore);
    }

    [Theory]
    [InlineData("CLIENT", "ID")]
    [InlineData("CLIENT")]
    [InlineData("GET", "SUBSCRIBE")]
    [InlineData("PUBSUB", "CHANNELS")]
    [InlineData("PUBLISH", "news", "x")]
    [InlineData("")]
    public async Task CommandWithOneReply_IsSent(params string[] parts)
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Ask(parts);
        Assert.Equal(string.Join(' ', parts), await peer.HearAsync());
        peer.Say("+1\r\n");
        Assert.Equal("+1", await ScriptedPeer.Soon(asked));
    }
}
