using System.Buffers.Binary;
using System.Buffers.Text;
using System.Net;
using System.Text.Json;

namespace Freshet.Client.Tests;

/// <summary>The words of a server: positions, messages, answers.</summary>
internal static class Script
{
    /// <summary>A position; the server alone reads the MAC.</summary>
    public static string At(ulong? own, ulong? shared, ulong epoch = 1) =>
        string.Join('.', new[] { Token(0, own, epoch), Token(1, shared, epoch) }.OfType<string>());

    public static string Ready(string position, bool resumed = false) => Message("ready", new { position, heartbeat = 10, resumed });

    public static string Resync(string position) => Message("resync", new { position, reason = "trimmed" });

    public static string Touched(string position, params string[] tags) => Message("cache_invalidation", new
    {
        entity = (string?)null,
        id = (string?)null,
        action = "updated",
        entities = Array.Empty<string>(),
        tags,
        position,
        time = "2026-03-04T10:00:00Z",
    });

    public static HttpResponseMessage Ok(string text, string groups = "g", string position = "", params (string Name, string Value)[] more) =>
        Answer(HttpStatusCode.OK, groups, position, more, text);

    public static HttpResponseMessage NotModified(string groups = "g", string position = "", params (string Name, string Value)[] more) =>
        Answer(HttpStatusCode.NotModified, groups, position, more, "");

    /// <summary>The answer to a write.</summary>
    public static HttpResponseMessage Written(string groups, string position, params (string Name, string Value)[] more)
    {
        var answer = new HttpResponseMessage(HttpStatusCode.NoContent);
        answer.Headers.Add("Cache-Group-Invalidation", Groups(groups));
        answer.Headers.Add("Freshet-Position", position);
        foreach (var (name, value) in more)
            answer.Headers.Add(name, value);
        return answer;
    }

    /// <summary>A position in the log of another tenant, whose name is sealed.</summary>
    public static string Named(byte log, ulong offset, ulong epoch = 1)
    {
        var token = new byte[42 + 32];
        (token[0], token[1]) = (2, 2);
        BinaryPrimitives.WriteUInt64LittleEndian(token.AsSpan(2), epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(token.AsSpan(18), offset);
        token.AsSpan(42).Fill(log);
        return Base64Url.EncodeToString(token);
    }

    private static string Groups(string names) => string.Join(", ", names.Split(' ').Select(g => $"\"{g}\""));

    private static HttpResponseMessage Answer(HttpStatusCode status, string groups, string position, (string Name, string Value)[] more, string text)
    {
        var answer = new HttpResponseMessage(status) { Content = new StringContent(text) };
        answer.Headers.Add("Cache-Groups", Groups(groups));
        answer.Headers.Add("Cache-Status", "Freshet; hit; ttl=3600");
        answer.Headers.Add("ETag", "\"tag\"");
        if (position.Length > 0)
            answer.Headers.Add("Freshet-Position", position);
        foreach (var (name, value) in more)
        {
            if (!answer.Headers.TryAddWithoutValidation(name, value))
                answer.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return answer;
    }

    private static string Message(string type, object data) => JsonSerializer.Serialize(new { type, data });

    private static string? Token(byte log, ulong? offset, ulong epoch)
    {
        if (offset is not { } place)
            return null;
        var token = new byte[42];
        (token[0], token[1]) = (2, log);
        BinaryPrimitives.WriteUInt64LittleEndian(token.AsSpan(2), epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(token.AsSpan(18), place);
        return Base64Url.EncodeToString(token);
    }
}
