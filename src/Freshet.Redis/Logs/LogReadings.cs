using Freshet.Resp;
using Freshet.Resp.Connections;

namespace Freshet.Redis.Logs;

/// <summary>
/// Reads the records that followers miss (C7): each gap in pieces, and the gaps of a few logs at once, however many logs have one after a node was
/// cut off. Redis ends a connection that carries pushes when too much waits for it; so no more than a few pieces do. Safe for concurrent use.
/// </summary>
/// <remarks>
/// The order of what comes in proves nothing about a piece: records apply by their offsets, those that are told meanwhile are told again by
/// a later piece, and contact waits until all that the last head named is applied (C6).
/// </remarks>
internal sealed class LogReadings(LogSession session, LogLink link, RespConnection connection, TimeProvider time)
{
    private const int AtOnce = 4;

    private readonly Lock _gate = new();
    private readonly Queue<FollowedLog> _waiting = new();
    private readonly HashSet<FollowedLog> _isWaiting = [];
    private int _running;

    /// <summary>Reads the next piece of what the log's follower misses, when its turn comes.</summary>
    public void Read(FollowedLog log)
    {
        lock (_gate)
        {
            if (_running == AtOnce)
            {
                if (_isWaiting.Add(log))
                    _waiting.Enqueue(log);
                return;
            }

            _running++;
        }

        Begin(log);
    }

    // It has the turn of one, and gives it to the next when there is nothing to do.
    private void Begin(FollowedLog? log)
    {
        for (; log is not null; log = Next())
        {
            if (!log.TryBeginReading(session, time.GetTimestamp(), out var asked, out var count))
                continue;
            var (reader, first) = (log, asked.Applied.Offset + 1);
            connection.Send(new RecordsCommand(log.Key, first, count), new LogSink(
                reply =>
                {
                    var reading = RecordsCommand.Read(reply, first, asked.Applied, out var bytes);
                    // Its own next piece waits behind the others.
                    link.Do(session, reader, reader.OnRecords(session, asked, reading, bytes));
                    Begin(Next());
                },
                e =>
                {
                    reader.OnReadingFailed(session);
                    session.OnRefused(reader, e);
                    // No room in line, or no connection: the next heads show again what is missing. An answer that is an error leaves room.
                    if (e is RespServerException)
                        Begin(Next());
                    else
                        Clear();
                }));
            return;
        }
    }

    private FollowedLog? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var log))
                _isWaiting.Remove(log);
            else
                _running--;
            return log;
        }
    }

    private void Clear()
    {
        FollowedLog[] waiting;
        lock (_gate)
        {
            waiting = [.. _waiting];
            _waiting.Clear();
            _isWaiting.Clear();
            _running--;
        }

        foreach (var log in waiting)
            log.WantHead();
    }
}
