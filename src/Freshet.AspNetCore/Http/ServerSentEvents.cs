using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Http;

/// <summary>The one media type that says by itself that an answer streams.</summary>
internal static class ServerSentEvents
{
    public static bool IsIn(IHeaderDictionary headers) =>
        headers.ContentType.Count > 0 && headers.ContentType[0]!.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
}
