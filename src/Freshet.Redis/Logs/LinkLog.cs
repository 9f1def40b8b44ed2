using Microsoft.Extensions.Logging;

namespace Freshet.Redis.Logs;

/// <summary>What following logs. No tenant, key or secret is ever in it; what a server says is cleaned by the wire client.</summary>
internal static partial class LinkLog
{
    [LoggerMessage(200, LogLevel.Warning, "Contact with Redis is lost ({Reason}): {Why}{Advice} Until it returns, requests that need this server are loaded from the origin and not stored.")]
    public static partial void Lost(ILogger log, string reason, string why, string advice);

    [LoggerMessage(201, LogLevel.Information, "Contact with Redis stands.")]
    public static partial void Found(ILogger log);

    [LoggerMessage(202, LogLevel.Warning, "A write could not be logged in Redis and waits (pending): {Why}{Advice} Other nodes hear of it once it is logged.")]
    public static partial void NotLogged(ILogger log, string why, string advice);

    [LoggerMessage(203, LogLevel.Information, "Writes are logged in Redis again; {Count} had to wait.")]
    public static partial void LoggedAgain(ILogger log, long count);

    [LoggerMessage(204, LogLevel.Error, "This node differs from another one in {Setting}, so it has no contact (disagrees): requests are loaded from the origin and not stored, and its writes are reported as pending. {Fix}")]
    public static partial void Disagrees(ILogger log, string setting, string fix);

    [LoggerMessage(205, LogLevel.Information, "This node agrees with all others again.")]
    public static partial void AgreesAgain(ILogger log);
}
