using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Freshet.Coherence;
using Freshet.Resp.Protocol;

namespace Freshet.Redis.Logs;

/// <summary>Positions and records as they lie in the log's hash and in the messages of its channel.</summary>
internal static class LogText
{
    public const int EpochLength = 32;

    public static byte[] OfEpoch(Epoch epoch) => Encoding.ASCII.GetBytes(epoch.ToString());

    /// <summary>The reply to an append: epoch and offset.</summary>
    /// <exception cref="RespProtocolException">It is something else.</exception>
    public static Position ReadPosition(RespReader reply)
    {
        if (reply.ReadAggregate() == 2 && TryEpoch(reply.ReadBytes(), out var epoch) && reply.ReadInt64() is > 0 and var offset)
            return new Position(epoch, offset);
        throw new RespProtocolException("The server's reply has something else where a position belongs.");
    }

    public static bool TryEpoch(ReadOnlySpan<byte> text, out Epoch epoch)
    {
        var isOne = text.Length == EpochLength & UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        epoch = new Epoch(value);
        return isOne;
    }

    /// <summary>Reads <c>offset record</c>.</summary>
    public static LogRecord? ReadRecord(ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out long offset, out var used) || offset < 1 || used >= text.Length || text[used] != ' '
            || !RecordFormat.TryRead(text[(used + 1)..], out var tags, out var change))
        {
            return null;
        }

        return new LogRecord(offset, tags, change);
    }

    /// <summary>Reads a message of a log's channel: the epoch, and the record.</summary>
    public static bool TryReadMessage(ReadOnlySpan<byte> message, out Epoch epoch, out LogRecord record)
    {
        (epoch, record) = (default, null!);
        if (message.Length < EpochLength || !TryEpoch(message[..EpochLength], out epoch) || ReadRecord(message[EpochLength..]) is not { } read)
            return false;
        record = read;
        return true;
    }
}
