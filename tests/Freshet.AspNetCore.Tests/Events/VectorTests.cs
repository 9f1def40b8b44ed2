using System.Globalization;
using System.Text.Json.Nodes;
using Freshet.AspNetCore.Events;
using Freshet.AspNetCore.Security;
using Freshet.Coherence;
using Freshet.Events;
using Freshet.Invalidation;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Events;

/// <summary>The golden messages that every implementation reads: tests/vectors/events.</summary>
public class VectorTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "vectors");

    private static JsonNode Read(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name)))!;

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static string[] Texts(JsonNode? node) => [.. node!.AsArray().Select(Text)];

    private static Tenant TenantOf(JsonNode? id) => Tenant.Named(Text(id)[1..]);

    public static TheoryData<string> Messages(string direction) => [.. Directory.GetFiles(Folder, $"{direction}-*.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Messages), "server")]
    public void ServersMessage_MeansTheSame(string file)
    {
        var vector = Read(file);
        var expected = JsonNode.Parse(Text(vector["text"]))!;
        var made = JsonNode.Parse(Make(vector["meaning"]!, expected["data"]).Json.Span)!;
        // The same moment may be written in two ways.
        foreach (var message in new[] { expected, made })
        {
            if (message["data"]?["time"] is { } time)
                message["data"]!["time"] = time.GetValue<DateTimeOffset>().ToUnixTimeMilliseconds();
        }

        Assert.True(JsonNode.DeepEquals(expected, made), $"{made.ToJsonString()}\nis not\n{expected.ToJsonString()}");
    }

    private static EventMessage Make(JsonNode meaning, JsonNode? data) => Text(meaning["type"]) switch
    {
        "ready" => EventMessage.Ready(Text(meaning["position"]), TimeSpan.FromSeconds(meaning["heartbeat"]!.GetValue<double>()), meaning["resumed"]!.GetValue<bool>()),
        "resync" => EventMessage.Resync(Text(meaning["position"]), Text(meaning["reason"]) == "epoch" ? FeedGap.Epoch : FeedGap.Trimmed),
        "subscribed" => EventMessage.Subscribed(Texts(meaning["entities"])),
        "heartbeat" => EventMessage.Heartbeat,
        _ => EventMessage.Invalidation(
            new FeedEvent(
                new ChangeSummary(ActionOf(Text(meaning["action"])), meaning["entity"]?.GetValue<string>(), meaning["id"]?.GetValue<string>()),
                Texts(meaning["entities"]),
                meaning["touched"] is JsonArray groups ? Texts(groups) : [GroupNames.Everything]),
            Text(meaning["position"]),
            data!["time"]!.GetValue<DateTimeOffset>()),
    };

    private static ChangeAction ActionOf(string text) => text switch
    {
        "created" => ChangeAction.Created,
        "updated" => ChangeAction.Updated,
        "deleted" => ChangeAction.Deleted,
        "bulk_operation" => ChangeAction.BulkOperation,
        "invalidated" => ChangeAction.Invalidated,
        _ => throw new ArgumentOutOfRangeException(nameof(text), text, "No such action."),
    };

    [Theory]
    [MemberData(nameof(Messages), "client")]
    public void ClientsMessage_IsUnderstood(string file)
    {
        var vector = Read(file);
        var model = new EntityModelSource(
            [new EntityModelPart(true, (_, m) => m.Entity("import"))], new ServiceCollection().BuildServiceProvider()).Model;
        var message = ClientMessage.Parse(System.Text.Encoding.UTF8.GetBytes(Text(vector["text"])), model);
        Assert.Equal(Text(vector["meaning"]!["type"]), message.Kind.ToString(), ignoreCase: true);
        Assert.Equal(vector["meaning"]!["entities"] is { } entities ? Texts(entities) : null, message.Entities);
    }

    [Fact]
    public void Tokens_AreWrittenAndRead()
    {
        var vectors = Read("positions.json");
        var key = Convert.FromHexString(Text(vectors["sessionKey"]));
        foreach (var vector in vectors["tokens"]!.AsArray())
        {
            var offset = ulong.Parse(Text(vector!["offset"]), CultureInfo.InvariantCulture);
            if (offset > long.MaxValue)
                continue; // no log is that long, and none is read
            var epoch = new Epoch(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(Convert.FromHexString(Text(vector["epoch"]))));
            var position = new Position(epoch, (long)offset);
            var positions = vector["log"]!.GetValue<int>() == 0 ? new SessionPositions(position, null) : new SessionPositions(null, position);
            Assert.Equal(Text(vector["token"]), SessionToken.Create(key, TenantOf(vector["tenant"]), positions));
        }

        foreach (var vector in vectors["named"]!.AsArray())
        {
            var epoch = new Epoch(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(Convert.FromHexString(Text(vector!["epoch"]))));
            var position = new Position(epoch, long.Parse(Text(vector["offset"]), CultureInfo.InvariantCulture));
            Assert.True(Tenant.TryFromId(Text(vector["tenant"]), out var log));
            var positions = default(CarriedPositions).With(default, log, LogPositions.Of(position));
            Assert.Equal(Text(vector["token"]), SessionToken.Create(key, default, positions));
            Assert.Equal(positions, SessionToken.Read(key, default, Text(vector["token"])));
        }

        foreach (var vector in vectors["read"]!.AsArray())
        {
            SessionToken.TryRead(key, Tenant.Named("acme"), Text(vector!["text"]), out var read);
            var expected = vector["server"]!.AsObject();
            Assert.Equal(
                (Text(vector["name"]), (string?)expected["0"], (string?)expected["1"]),
                (Text(vector["name"]), read.Own?.Offset.ToString(CultureInfo.InvariantCulture), read.Public?.Offset.ToString(CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void Groups_HaveTheirNames()
    {
        var vectors = Read("groups.json");
        var names = new GroupNames(Convert.FromHexString(Text(vectors["sessionKey"])));
        foreach (var vector in vectors["names"]!.AsArray())
        {
            var path = ulong.Parse(Text(vector!["hash"]), CultureInfo.InvariantCulture);
            Assert.Equal(Text(vector["name"]), names.Name(TenantOf(vector["tenant"]), Text(vector["kind"]) == "at" ? GroupNames.At : GroupNames.Below, path));
        }
    }
}
