using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>Replies are the bytes of the socket, and stay so until they are disposed.</summary>
public sealed class BufferTests
{
    [Fact]
    public async Task PeerThatSpeaksByteByByte_IsUnderstood()
    {
        await using var peer = new ScriptedPeer();
        var said = "*2\r\n$5\r\nhello\r\n%1\r\n+a\r\n:1\r\n>1\r\n+push\r\n$0\r\n\r\n_\r\n";
        var (one, two, three) = (peer.Ask("A"), peer.Ask("B"), peer.Ask("C"));
        foreach (var c in said)
            peer.Say(c.ToString());
        Assert.Equal(["*[$hello %[+a :1]]", "$", "_"], [await one, await two, await three]);
        Assert.Equal(">[+push]", await peer.PushAsync());
    }

    [Theory]
    [InlineData(60_000, 1)]
    [InlineData(65_536, 1000)]
    [InlineData(1_000_000, 7_777)]
    [InlineData(20_000_000, 65_536)]
    [InlineData(20_000_000, 20_000_000)]
    public async Task HugeValue_ComesWhole_WhateverThePieces(int length, int piece)
    {
        await using var peer = new ScriptedPeer();
        var value = Pattern(length, 1);
        var (before, asked, after) = (peer.Ask("A"), peer.Connection.SendAsync(new RespCommand("GET", "x")), peer.Ask("B"));
        byte[] said = [.. "+a\r\n"u8, .. Encoding.ASCII.GetBytes($"${length}\r\n"), .. value, .. "\r\n+b\r\n"u8];
        foreach (var chunk in said.Chunk(piece))
            peer.Stream.Say(chunk);

        using var reply = await asked;
        Assert.Equal(["+a", "+b"], [await before, await after]);
        Assert.True(reply.Reader.ReadBytes().SequenceEqual(value));
    }

    [Fact]
    public async Task FrameOfManySmallValues_ComesWhole()
    {
        await using var peer = new ScriptedPeer();
        var asked = peer.Connection.SendAsync(new RespCommand("GET", "x"));
        byte[] said = [.. "*200000\r\n"u8, .. Enumerable.Repeat("$1\r\nx\r\n"u8.ToArray(), 200_000).SelectMany(b => b)];
        foreach (var chunk in said.Chunk(16))
            peer.Stream.Say(chunk);
        using var reply = await asked;
        Assert.Equal(said.Length, reply.Memory.Length);
    }

    [Fact]
    public async Task ReplyThatIsKept_StaysAsItIs_WhileTheBufferGoesOn()
    {
        await using var peer = new ScriptedPeer();
        var random = new Random(7);
        var kept = new List<(RespReply Reply, byte[] Value)>();
        for (var round = 0; round < 3000; round++)
        {
            var value = Pattern(random.Next(10) == 0 ? random.Next(200_000) : random.Next(2000), round);
            var asked = peer.Connection.SendAsync(new RespCommand("GET", "x"));
            byte[] said = [.. Encoding.ASCII.GetBytes($"${value.Length}\r\n"), .. value, .. "\r\n"u8];
            var cut = random.Next(said.Length);
            peer.Stream.Say(said[..cut]);
            peer.Stream.Say(said[cut..]);
            kept.Add((await asked, value));
            while (kept.Count > random.Next(40))
            {
                var index = random.Next(kept.Count);
                var (reply, expected) = kept[index];
                Assert.True(reply.Reader.ReadBytes().SequenceEqual(expected));
                reply.Dispose();
                kept.RemoveAt(index);
            }
        }

        await peer.Connection.DisposeAsync();
        foreach (var (reply, expected) in kept)
        {
            Assert.True(reply.Reader.ReadBytes().SequenceEqual(expected));
            reply.Dispose();
        }
    }

    // The second time would give away the bytes of somebody else.
    [Fact]
    public async Task ReplyThatIsDisposedTwice_IsRefused_WhateverTheBufferHoldsByThen()
    {
        await using var peer = new ScriptedPeer();
        var (first, second) = (peer.Connection.SendAsync(new RespCommand("A")), peer.Connection.SendAsync(new RespCommand("B")));
        peer.Say("+one\r\n+two\r\n");
        AssertUseless(await first);
        var kept = await second;

        // The buffer is filled again.
        kept.Dispose();
        var third = peer.Connection.SendAsync(new RespCommand("C"));
        peer.Say("+six\r\n");
        using (var reply = await third)
        {
            Assert.Throws<InvalidOperationException>(kept.Dispose);
            Assert.Throws<ObjectDisposedException>(() => kept.Memory);
            Assert.Equal("+six", ScriptedPeer.Text(reply.Reader));
        }

        // It went back to the pool.
        var fourth = peer.Connection.SendAsync(new RespCommand("D"));
        peer.Say("+end\r\n");
        var last = await fourth;
        await peer.Connection.DisposeAsync();
        AssertUseless(last);
        Assert.Throws<InvalidOperationException>(kept.Dispose);
        default(RespReply).Dispose();
    }

    private static void AssertUseless(RespReply reply)
    {
        reply.Dispose();
        Assert.Throws<InvalidOperationException>(reply.Dispose);
        Assert.Throws<ObjectDisposedException>(() => reply.Memory);
        Assert.Throws<ObjectDisposedException>(() => reply.Reader.IsNull);
    }

    private static byte[] Pattern(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
