using System.Buffers;
using System.Text;
using System.Text.Json;
using Freshet.Coherence;
using Freshet.Events;

namespace Freshet.AspNetCore.Events;

/// <summary>
/// One message to clients, in the bytes of each transport: made once for all who get it. Immutable. The forms are those of
/// docs/protocols/events.md.
/// </summary>
internal sealed class EventMessage
{
    private EventMessage(string type, string? position, byte[]? data)
    {
        Json = Encoding.UTF8.GetBytes(data is null ? $$"""{"type":"{{type}}"}""" : $$"""{"type":"{{type}}","data":{{Encoding.UTF8.GetString(data)}}}""");
        var stream = new StringBuilder();
        if (position is not null)
            stream.Append("id: ").Append(position).Append('\n');
        // What has no data is a comment: it keeps the stream alive, and no listener is called.
        stream.Append(data is null ? $": {type}\n\n" : $"event: {type}\ndata: {Encoding.UTF8.GetString(data)}\n\n");
        Stream = Encoding.UTF8.GetBytes(stream.ToString());
    }

    public static EventMessage Heartbeat { get; } = new("heartbeat", null, null);

    /// <summary>The payload of a WebSocket's text message.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>An event of a <c>text/event-stream</c>, whose id is the position.</summary>
    public ReadOnlyMemory<byte> Stream { get; }

    public static EventMessage Ready(string position, TimeSpan heartbeat, bool isResumed) => new("ready", position, Write(json =>
    {
        json.WriteString("position", position);
        json.WriteNumber("heartbeat", heartbeat.TotalSeconds);
        json.WriteBoolean("resumed", isResumed);
    }));

    public static EventMessage Resync(string position, FeedGap gap) => new("resync", position, Write(json =>
    {
        json.WriteString("position", position);
        json.WriteString("reason", gap is FeedGap.Epoch ? "epoch" : "trimmed");
    }));

    public static EventMessage Subscribed(IReadOnlyCollection<string> entities) => new("subscribed", null, Write(json => WriteTexts(json, "entities", entities)));

    public static EventMessage Invalidation(FeedEvent told, string position, DateTimeOffset time) => new("cache_invalidation", position, Write(json =>
    {
        json.WriteString("entity", told.Change.Entity);
        json.WriteString("id", told.Change.Id);
        json.WriteString("action", NameOf(told.Change.Action));
        WriteTexts(json, "entities", told.Entities);
        WriteTexts(json, "tags", told.Groups);
        json.WriteString("position", position);
        json.WriteString("time", time.UtcDateTime);
    }));

    private static string NameOf(ChangeAction action) => action switch
    {
        ChangeAction.Created => "created",
        ChangeAction.Updated => "updated",
        ChangeAction.Deleted => "deleted",
        ChangeAction.BulkOperation => "bulk_operation",
        _ => "invalidated",
    };

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }
}
