using System.Collections.Concurrent;
using Freshet.Resp;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Redis.Logs;

/// <summary>
/// Subscribes to the logs that were placed on a session, and reads their heads: in batches, however many there are. Safe for concurrent
/// use.
/// </summary>
internal sealed class LogSubscriptions(LogSession session, RespConnection connection)
{
    private readonly ConcurrentQueue<FollowedLog> _wanted = new();
    private int _isSubscribing;

    /// <summary>Follows a log that was placed on the session.</summary>
    public void Follow(FollowedLog log)
    {
        _wanted.Enqueue(log);
        if (Interlocked.Exchange(ref _isSubscribing, 1) == 0)
            _ = SubscribeAsync();
    }

    /// <summary>Wants to hear no more of a channel. Should it be wanted again meanwhile, the confirmation shows that it was lost.</summary>
    public void Unfollow(byte[] channel)
    {
        if (!session.HasEnded)
            _ = UnsubscribeAsync(new RespChannel(channel, session.IsSharded));
    }

    // One batch after the other. The confirmations of the next one come behind the heads of the last one, so few are in line.
    private async Task SubscribeAsync()
    {
        try
        {
            do
            {
                while (!_wanted.IsEmpty)
                {
                    var batch = new List<FollowedLog>();
                    while (batch.Count < LogSession.Batch && _wanted.TryDequeue(out var log))
                        batch.Add(log);
                    await Task.WhenAll(batch.Select(SubscribeAsync)).ConfigureAwait(false);
                    // C7: subscribe, then read the head.
                    session.AskHeads([.. batch.Where(l => l.IsSubscribed(session))]);
                }

                Volatile.Write(ref _isSubscribing, 0);
            }
            while (!_wanted.IsEmpty && Interlocked.Exchange(ref _isSubscribing, 1) == 0);
        }
        catch (Exception e)
        {
            // Whatever it was: nobody would subscribe here any more. The next connection begins anew.
            session.Drop(ContactEnd.Connection, e);
        }
    }

    private async Task SubscribeAsync(FollowedLog log)
    {
        if (log.ToSubscribe(session) is not { } channel)
            return;
        try
        {
            // What it brings about is done by the push that confirms it, inside the read loop: done later, here, it would hide that the
            // server has said the opposite since.
            await connection.SubscribeAsync(channel).ConfigureAwait(false);
        }
        catch (RespServerException e) when (e.Code is "NOPERM")
        {
            session.Drop(ContactEnd.Refused, e);
        }
        catch (RespException e)
        {
            session.OnRefused(log, e);
            log.TryLeave(session); // the next tick tries again
        }
        catch (RespProtocolException e)
        {
            session.Drop(ContactEnd.Unreadable, e);
        }
    }

    private async Task UnsubscribeAsync(RespChannel channel)
    {
        try
        {
            await connection.UnsubscribeAsync(channel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RespException or RespProtocolException)
        {
            // In a cluster the slot has gone, and the subscription with it; else the connection ends. What is still told of a log
            // that is not followed is passed over.
        }
    }
}
