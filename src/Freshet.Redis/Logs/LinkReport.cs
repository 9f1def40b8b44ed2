using System.Collections.Concurrent;
using System.Net;
using Freshet.Diagnostics;
using Freshet.Redis.Agreements;
using Freshet.Resp;
using Freshet.Resp.Topology;
using Microsoft.Extensions.Logging;

namespace Freshet.Redis.Logs;

/// <summary>
/// Tells people why contact is lost and why writes wait: one line for each change, however often it is tried again. Safe for
/// concurrent use.
/// </summary>
internal sealed class LinkReport(ILogger log, CacheMetrics metrics)
{
    private readonly ConcurrentDictionary<(DnsEndPoint? Server, ContactEnd End), bool> _said = new(); // since contact last stood
    private Disagreement? _disagreement;
    private long _waited; // writes that could not be logged since all were

    /// <summary>Contact with a server stands.</summary>
    public void Found(RespShard shard)
    {
        foreach (var (said, _) in _said)
        {
            if (said.Server is null || said.Server.Equals(shard.Server))
                _said.TryRemove(said, out _);
        }

        if (Volatile.Read(ref _disagreement) is null)
            LinkLog.Found(log);
    }

    /// <summary>It was found out whether this node agrees with the others.</summary>
    /// <param name="found">In what it differs; null for nothing.</param>
    public void Agree(Disagreement? found)
    {
        var before = Interlocked.Exchange(ref _disagreement, found);
        if (found is null && before is not null)
        {
            LinkLog.AgreesAgain(log);
        }
        else if (found is not null && before?.Setting != found.Setting)
        {
            Lost(ContactEnd.Disagrees);
            LinkLog.Disagrees(log, found.Setting, found.Fix);
        }
    }

    /// <summary>Forgets what was said of servers that are none any more; many may come and go that were never reached.</summary>
    public void Keep(IReadOnlyCollection<RespShard> shards)
    {
        foreach (var (said, _) in _said)
        {
            if (said.Server is { } server && !shards.Any(s => server.Equals(s.Server)))
                _said.TryRemove(said, out _);
        }
    }

    /// <summary>Contact with a server is lost, or does not come about.</summary>
    /// <param name="shard">Which; null when it is not even known which there are.</param>
    /// <param name="end">How.</param>
    /// <param name="why">What happened.</param>
    /// <param name="wasInContact">Whether there was contact.</param>
    public void Lost(RespShard? shard, ContactEnd end, Exception why, bool wasInContact)
    {
        if (wasInContact)
            Lost(end);
        // However often it is tried: each reason once until contact stands again.
        if (_said.TryAdd((shard?.Server, end), true) || wasInContact)
            LinkLog.Lost(log, end.Text(), Sentence(why), Advice(why));
    }

    /// <summary>Contact is lost.</summary>
    public void Lost(ContactEnd end) => metrics.ContactLost(end.Text());

    /// <summary>A write could not be logged.</summary>
    public void NotLogged(Exception why)
    {
        if (Interlocked.Increment(ref _waited) == 1)
            LinkLog.NotLogged(log, Sentence(why), Advice(why));
    }

    /// <summary>Whether writes have waited since this was last said.</summary>
    public bool HasWaited => Volatile.Read(ref _waited) > 0;

    /// <summary>All writes are logged.</summary>
    public void LoggedAgain()
    {
        if (Interlocked.Exchange(ref _waited, 0) is > 0 and var count)
            LinkLog.LoggedAgain(log, count);
    }

    private static string Sentence(Exception why) => why.Message.TrimEnd('.') + ".";

    private static string Advice(Exception why) => why is not RespServerException e ? "" : e.Code switch
    {
        "READONLY" => " The server does not lead: let Freshet:Redis:Address name the primary, sentinels or a cluster.",
        "OOM" => " The server's memory is full: raise its maxmemory, or let it evict.",
        "NOREPLICAS" => " The primary has fewer replicas than its min-replicas-to-write asks for.",
        "MISCONF" => " The server cannot save to its disk.",
        _ when IsNoPermission(e) => " Give the user of Freshet:Redis:Address the commands, keys and channels that the documentation lists.",
        _ => "",
    };

    // Inside a script the server says it without a code.
    private static bool IsNoPermission(RespServerException e) =>
        e.Code is "NOPERM" || e.Message.Contains("The user executing the script can't", StringComparison.Ordinal);
}
