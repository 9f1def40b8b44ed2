using System.Text.Json;
using System.Text.Unicode;
using Freshet.Invalidation;

namespace Freshet.AspNetCore.Events;

/// <summary>What a client said, or why its connection is closed for it. Pure.</summary>
internal readonly record struct ClientMessage(ClientMessageKind Kind, IReadOnlyList<string>? Entities = null, EventClose? Close = null)
{
    public const int MaxBytes = 4096;
    public const int MaxEntities = 64;

    /// <param name="text">The whole message.</param>
    /// <param name="model">Knows the entity types that there are.</param>
    public static ClientMessage Parse(ReadOnlyMemory<byte> text, EntityModel model)
    {
        if (!Utf8.IsValid(text.Span))
            return Refuse(EventClose.Malformed);
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            if (json.RootElement.ValueKind is not JsonValueKind.Object)
                return Refuse(EventClose.Malformed);
            return Text(json.RootElement, "type") switch
            {
                "ping" => new ClientMessage(ClientMessageKind.Ping),
                "subscribe" => Subscribe(json.RootElement, model),
                _ => Refuse(EventClose.Policy("unknown type; there are ping and subscribe")),
            };
        }
        // Half a surrogate pair in an escape is found only when the text is read.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refuse(EventClose.Malformed);
        }
    }

    private static ClientMessage Subscribe(JsonElement message, EntityModel model)
    {
        if (!message.TryGetProperty("data", out var data))
            return new ClientMessage(ClientMessageKind.Subscribe, []);
        if (data.ValueKind is not JsonValueKind.Object)
            return Refuse(EventClose.Policy("data is an object"));
        if (!data.TryGetProperty("entities", out var entities))
            return new ClientMessage(ClientMessageKind.Subscribe, []);
        if (entities.ValueKind is not JsonValueKind.Array || entities.GetArrayLength() > MaxEntities)
            return Refuse(EventClose.Policy("entities is a list of at most 64 names"));

        var names = new List<string>();
        foreach (var entity in entities.EnumerateArray())
        {
            if (entity.ValueKind is not JsonValueKind.String || model.Find(entity.GetString()!) is not { } known)
                return Refuse(EventClose.Policy("entities names a type that there is not"));
            names.Add(known.Name);
        }

        return new ClientMessage(ClientMessageKind.Subscribe, names);
    }

    private static string? Text(JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static ClientMessage Refuse(EventClose close) => new(ClientMessageKind.None, Close: close);
}

internal enum ClientMessageKind : byte
{
    None,
    Ping,
    Subscribe,
}
