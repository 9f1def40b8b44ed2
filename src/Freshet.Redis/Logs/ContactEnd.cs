namespace Freshet.Redis.Logs;

/// <summary>Why contact with a server, or with a log, has ended.</summary>
internal enum ContactEnd : byte
{
    /// <summary>No connection comes about.</summary>
    Unreachable,

    /// <summary>The connection has ended.</summary>
    Connection,

    /// <summary>A beat was not answered in time.</summary>
    Silent,

    /// <summary>The server does not lead.</summary>
    NotLeading,

    /// <summary>The server refuses what following needs.</summary>
    Refused,

    /// <summary>The server's data are another incarnation than when the connection began (C13).</summary>
    Incarnation,

    /// <summary>Something that the server has told could not be read.</summary>
    Unreadable,

    /// <summary>The log's slot is, or is about to be, another server's.</summary>
    Moved,

    /// <summary>A setting differs from that of another node.</summary>
    Disagrees,
}

/// <summary>Their names in metrics and log lines: a fixed vocabulary.</summary>
internal static class ContactEndText
{
    public static string Text(this ContactEnd end) => end switch
    {
        ContactEnd.Unreachable => "unreachable",
        ContactEnd.Connection => "connection",
        ContactEnd.Silent => "silent",
        ContactEnd.NotLeading => "not_leading",
        ContactEnd.Refused => "refused",
        ContactEnd.Incarnation => "incarnation",
        ContactEnd.Unreadable => "unreadable",
        ContactEnd.Moved => "moved",
        _ => "disagrees",
    };
}
