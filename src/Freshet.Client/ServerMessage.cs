using System.Text.Json;

namespace Freshet.Client;

/// <summary>Reads the messages of the server. What cannot be read may have hidden a touch, so it ends the connection.</summary>
internal static class ServerMessage
{
    /// <exception cref="FormatException">It is no message of the protocol.</exception>
    public static CacheEvent? Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            var root = json.RootElement;
            return root.GetProperty("type").GetString() switch
            {
                "ready" => Ready(root.GetProperty("data")),
                "cache_invalidation" => Invalidation(root.GetProperty("data")),
                "resync" => new CacheEvent(CacheEventKind.Resync) { Position = Text(root.GetProperty("data"), "position") },
                "heartbeat" => new CacheEvent(CacheEventKind.Heartbeat),
                // What a later version of the protocol tells besides is not for this client.
                _ => null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException("The server sent something that is no message of the events protocol.", e);
        }
    }

    private static CacheEvent Ready(JsonElement data)
    {
        var heartbeat = data.GetProperty("heartbeat").GetDouble();
        if (heartbeat is not (>= 0.1 and <= 3600))
            throw new FormatException("A heartbeat is 0.1 to 3600 seconds.");
        return new CacheEvent(CacheEventKind.Ready)
        {
            Position = Text(data, "position"),
            Heartbeat = TimeSpan.FromSeconds(heartbeat),
            IsResumed = data.GetProperty("resumed").GetBoolean(),
        };
    }

    private static CacheEvent Invalidation(JsonElement data) => new(CacheEventKind.Invalidation)
    {
        Entity = data.GetProperty("entity").GetString(),
        Id = data.GetProperty("id").GetString(),
        Action = Text(data, "action"),
        Entities = Texts(data, "entities"),
        Groups = Texts(data, "tags"),
        Position = Text(data, "position"),
        Time = data.GetProperty("time").GetDateTimeOffset(),
    };

    private static string Text(JsonElement data, string name) => data.GetProperty(name).GetString() ?? throw new FormatException($"'{name}' is null.");

    private static string[] Texts(JsonElement data, string name) =>
        [.. data.GetProperty(name).EnumerateArray().Select(e => e.GetString() ?? throw new FormatException($"'{name}' holds null."))];
}
