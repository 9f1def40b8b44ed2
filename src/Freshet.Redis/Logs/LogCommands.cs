using System.Buffers.Text;
using System.Globalization;
using Freshet.Coherence;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Redis.Logs;

/// <summary>Reads a log's head; no script, because the offset only grows.</summary>
internal readonly struct HeadCommand(byte[] log) : IRespCommand
{
    public void Write(ref RespWriter writer)
    {
        writer.Begin(5);
        writer.Add("HMGET"u8);
        writer.Add(log);
        writer.Add("e"u8);
        writer.Add("o"u8);
        writer.Add("i"u8);
    }
}

/// <summary>Keeps a log for as long from now on; the reply is 0 when it is not there.</summary>
internal readonly struct KeepCommand(byte[] log, long lifetime) : IRespCommand
{
    public void Write(ref RespWriter writer)
    {
        writer.Begin(3);
        writer.Add("PEXPIRE"u8);
        writer.Add(log);
        writer.Add(lifetime);
    }
}

/// <summary>Reads some records in a row.</summary>
internal readonly struct RecordsCommand(byte[] log, long first, int count) : IRespCommand
{
    /// <summary>How many the log holds.</summary>
    public const int Most = InvalidationLog.DefaultCapacity;

    public void Write(ref RespWriter writer)
    {
        writer.Begin(4 + count);
        writer.Add("HMGET"u8);
        writer.Add(log);
        writer.Add("e"u8);
        writer.Add("o"u8);
        for (var offset = first; offset < first + count; offset++)
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"r{offset % Most}"));
    }

    /// <summary>Reads the reply.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="first">The offset that was asked for first.</param>
    /// <param name="asked">What was applied then.</param>
    /// <param name="bytes">How many bytes the records have that were read.</param>
    public static LogReading Read(RespReader reply, long first, Position asked, out int bytes)
    {
        bytes = 0;
        var count = reply.ReadAggregate() - 2;
        if (!LogText.TryEpoch(reply.ReadBytes(), out var epoch) || !reply.Read() || !Utf8Parser.TryParse(reply.Bytes, out long head, out _))
            return new LogReading(asked, []); // no log: the next head tells
        var records = new List<LogRecord>(count);
        for (var offset = first; offset < first + count && offset <= head; offset++)
        {
            var text = reply.ReadBytes();
            bytes += text.Length;
            // A place of the ring holds what was written last: something else means trimmed.
            if (LogText.ReadRecord(text) is not { } record || record.Offset != offset)
                return new LogReading(new Position(epoch, head), null);
            records.Add(record);
        }

        return new LogReading(new Position(epoch, head), records);
    }
}

/// <summary>Takes a reply inside the read loop.</summary>
internal delegate void TakeReply(RespReader reply);

/// <summary>A sink of two delegates.</summary>
internal sealed class LogSink(TakeReply take, Action<Exception> fail) : IReplySink
{
    public void OnReply(RespReader reply) => take(reply);

    public void OnFailed(Exception fault) => fail(fault);
}
