using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>A channel that messages are published to.</summary>
/// <param name="Name">Its name; not changed any more.</param>
/// <param name="IsSharded">Whether it belongs to the slot of its name in a cluster (SSUBSCRIBE, Redis 7).</param>
internal readonly record struct RespChannel(ReadOnlyMemory<byte> Name, bool IsSharded = false);

/// <summary>SUBSCRIBE or UNSUBSCRIBE of one channel: RESP3 answers it with a push that repeats the command's name and the channel's.</summary>
internal sealed class ChannelChange(RespChannel channel, bool isSubscribe)
{
    /// <summary>Whether the push is its answer.</summary>
    public bool IsConfirmedBy(RespReader push) =>
        push.ReadAggregate() == 3 && push.ReadBytes().SequenceEqual(Word) && push.ReadBytes().SequenceEqual(channel.Name.Span);

    /// <summary>
    /// Whether the server may say the same unasked. It does when the channel's slot moves away, and then answers the command with an
    /// error, which must not become the next one's reply: so HELLO goes behind it, which every server answers, and never with an error.
    /// </summary>
    public bool IsAmbiguous => channel.IsSharded && !isSubscribe;

    private RespChannel Channel => channel;

    private ReadOnlySpan<byte> Word => (isSubscribe, channel.IsSharded) switch
    {
        (true, false) => "subscribe"u8,
        (true, true) => "ssubscribe"u8,
        (false, false) => "unsubscribe"u8,
        (false, true) => "sunsubscribe"u8,
    };

    public readonly struct Command(ChannelChange change) : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(2);
            writer.Add(change.Word);
            writer.Add(change.Channel.Name.Span);
        }
    }
}
