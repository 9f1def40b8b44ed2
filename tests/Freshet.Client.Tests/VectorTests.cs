using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Freshet.Client.Tests;

/// <summary>The golden messages that every implementation reads: tests/vectors/events.</summary>
public class VectorTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "vectors");

    private static JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name)))!;

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static string[]? Texts(JsonNode? node) => node is JsonArray array ? [.. array.Select(Text)] : null;

    public static TheoryData<string> Messages() => [.. Directory.GetFiles(Folder, "server-*.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void ServersMessage_IsUnderstood(string file)
    {
        var vector = Read(file);
        var meaning = vector["meaning"]!;
        var told = ServerMessage.Parse(Encoding.UTF8.GetBytes(Text(vector["text"])));
        var kind = Text(meaning["type"]) switch
        {
            "ready" => CacheEventKind.Ready,
            "cache_invalidation" => CacheEventKind.Invalidation,
            "resync" => CacheEventKind.Resync,
            "heartbeat" => CacheEventKind.Heartbeat,
            _ => (CacheEventKind?)null,
        };
        Assert.Equal(kind, told?.Kind);
        Assert.Equal(kind is null ? null : (string?)meaning["position"] ?? "", told?.Position);
        if (kind is CacheEventKind.Ready)
            Assert.Equal((meaning["resumed"]!.GetValue<bool>(), meaning["heartbeat"]!.GetValue<double>()), (told!.IsResumed, told.Heartbeat.TotalSeconds));
        if (kind is not CacheEventKind.Invalidation)
            return;
        Assert.Equal(((string?)meaning["entity"], (string?)meaning["id"], (string?)meaning["action"]), (told!.Entity, told.Id, told.Action));
        Assert.Equal(Texts(meaning["entities"]), told.Entities);
        Assert.Equal(Texts(meaning["touched"]) ?? ["*"], told.Groups);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"type\":7}")]
    [InlineData("{\"data\":{}}")]
    [InlineData("{\"type\":\"cache_invalidation\"}")]
    [InlineData("{\"type\":\"cache_invalidation\",\"data\":{\"entity\":null,\"id\":null,\"action\":\"updated\",\"entities\":[],\"tags\":[null],\"position\":\"\",\"time\":\"2026-01-01T00:00:00Z\"}}")]
    [InlineData("{\"type\":\"ready\",\"data\":{\"position\":\"\",\"heartbeat\":0,\"resumed\":true}}")]
    [InlineData("{\"type\":\"\\ud800\"}")]
    public void WhatIsNoMessage_IsRefused(string text) => Assert.Throws<FormatException>(() => ServerMessage.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Positions_AreReadAndMerged()
    {
        var vectors = Read("positions.json");
        foreach (var vector in vectors["read"]!.AsArray())
        {
            var expected = vector!["client"]!.AsObject();
            var read = ClientPosition.Parse(Text(vector["text"])).ToString().Split('.', StringSplitOptions.RemoveEmptyEntries)
                .Select(token => System.Buffers.Text.Base64Url.DecodeFromChars(token))
                .GroupBy(bytes => bytes[1], bytes => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(18)))
                .Select(log => $"{log.Key}: {string.Join(' ', log)}");
            Assert.Equal($"{Text(vector["name"])}: {string.Join(", ", expected.Select(e => $"{e.Key}: {e.Value}"))}", $"{Text(vector["name"])}: {string.Join(", ", read)}");
        }

        foreach (var vector in vectors["later"]!.AsArray())
        {
            var merged = ClientPosition.Parse(Text(vector!["known"])).Then(ClientPosition.Parse(Text(vector["received"])));
            Assert.Equal(Text(vector["result"]), merged.ToString());
        }

        foreach (var vector in vectors["settled"]!.AsArray())
        {
            var left = ClientPosition.Parse(Text(vector!["known"])).Without(ClientPosition.Parse(Text(vector["carried"])), ClientPosition.Parse(Text(vector["named"])));
            Assert.Equal(Text(vector["result"]), left.ToString());
        }

        foreach (var vector in vectors["named"]!.AsArray())
            Assert.Equal(Text(vector!["token"]), ClientPosition.Parse(Text(vector["token"])).ToString());
    }

    [Fact]
    public void Groups_AreReadWholeOrNotAtAll()
    {
        foreach (var vector in Read("groups.json")["fields"]!.AsArray())
            Assert.Equal((Text(vector!["text"]), Texts(vector["names"]) is { } names ? string.Join('|', names) : null), (Text(vector["text"]), GroupList.Parse(Text(vector["text"])) is { } read ? string.Join('|', read) : null));
    }
}
