namespace Freshet.AspNetCore.Events;

/// <summary>What the events log. No tenant, user or token is ever in it.</summary>
internal static partial class EventLog
{
    [LoggerMessage(120, LogLevel.Error, "A connection for events failed and was closed; its client connects again and goes on where it was.")]
    public static partial void Fault(ILogger log, Exception exception);

    [LoggerMessage(121, LogLevel.Warning, "A connection for events was refused: {Reason}.")]
    public static partial void Refused(ILogger log, string reason);
}
