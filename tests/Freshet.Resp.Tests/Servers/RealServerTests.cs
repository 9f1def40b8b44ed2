using System.Globalization;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Connections;

namespace Freshet.Resp.Tests.Servers;

/// <summary>What the real server answers, and how it is taken.</summary>
public sealed class RealServerTests : IAsyncLifetime, IPushSink
{
    private readonly List<string> _heard = [];
    private RedisServer _server = null!;
    private RespConnection _connection = null!;

    [Fact]
    public async Task EveryTypeOfReply_IsRead()
    {
        Assert.Equal("+OK", await AskAsync("SET", "k", "v"));
        Assert.Equal("$v", await AskAsync("GET", "k"));
        Assert.Equal("_", await AskAsync("GET", "none"));
        Assert.Equal(":1", await AskAsync("EXISTS", "k"));
        Assert.Equal(":2", await AskAsync("HSET", "h", "a", "1", "b", "2"));
        Assert.Equal("%[$a $1 $b $2]", await AskAsync("HGETALL", "h"));
        Assert.Equal("*[$1 _ $2]", await AskAsync("HMGET", "h", "a", "x", "b"));
        Assert.Equal(":1", await AskAsync("SADD", "s", "m"));
        Assert.Equal("~[$m]", await AskAsync("SMEMBERS", "s"));
        Assert.Equal("$1.5", await AskAsync("INCRBYFLOAT", "f", "1.5"));
        Assert.Equal(":1", await AskAsync("ZADD", "z", "2.25", "m"));
        Assert.Equal(",2.25", await AskAsync("ZSCORE", "z", "m"));
        foreach (var (name, value) in new[]
        {
            ("string", "$Hello World"), ("integer", ":12345"), ("double", ",3.141"), ("null", "_"), ("array", "*[:0 :1 :2]"), ("set", "~[:0 :1 :2]"),
            ("map", "%[:0 #f :1 #t :2 #f]"), ("attrib", "$Some real reply following the attribute"), ("bignum", "(1234567999999999999999999999999999999"),
            ("true", "#t"), ("false", "#f"), ("verbatim", "=This is a verbatim\nstring"),
        })
        {
            Assert.Equal(value, await AskAsync("DEBUG", "PROTOCOL", name));
        }
    }

    [Theory]
    [InlineData("WRONGTYPE", "WRONGTYPE Operation against a key holding the wrong kind of value", "HGET", "string", "f")]
    [InlineData("NOSCRIPT", "NOSCRIPT No matching script. Please use EVAL.", "EVALSHA", "0123456789012345678901234567890123456789", "0")]
    [InlineData("ERR", "ERR unknown command 'NOSUCH'", "NOSUCH", "s3cr3t", "s3cr3t")]
    [InlineData("ERR", "ERR wrong number of arguments for 'get' command", "GET", "s3cr3t", "s3cr3t")]
    [InlineData("ERR", "ERR value is not an integer or out of range", "INCR", "string")]
    [InlineData("EXECABORT", "EXECABORT Transaction discarded because of previous errors.", "EVAL", "return redis.error_reply('EXECABORT Transaction discarded because of previous errors.')", "0")]
    public async Task Error_IsThrown_WithItsCode_AndWithoutArguments(string code, string message, params string[] command)
    {
        await AskAsync("SET", "string", "value");
        var fault = await Assert.ThrowsAsync<RespServerException>(() => AskAsync(command));
        Assert.Equal((code, $"The server answered: {message}"), (fault.Code, fault.Message));
        Assert.Equal("+PONG", await AskAsync("PING"));
    }

    [Fact]
    public async Task FullMemory_IsAnError_AndReadsGoOn()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory", "3mb", "--maxmemory-policy", "noeviction");
        await using var connection = await RespConnection.ConnectAsync(server.EndPoint, new RespConnectionSettings(), null, TimeProvider.System, default);
        await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("SET", "first", "1")));
        var value = new string('x', 100_000);
        var fault = await Assert.ThrowsAsync<RespServerException>(async () =>
        {
            for (var i = 0; i < 100; i++)
                await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("SET", string.Create(CultureInfo.InvariantCulture, $"k{i}"), value)));
        });
        Assert.Equal("OOM", fault.Code);
        Assert.Equal("$1", await ScriptedPeer.TextAsync(connection.SendAsync(new RespCommand("GET", "first"))));
    }

    [Fact]
    public async Task Pushes_ComeInOrderWithTheReplies()
    {
        await _connection.SubscribeAsync(new RespChannel("news"u8.ToArray()));
        lock (_heard)
            _heard.Clear();
        for (var i = 0; i < 1000; i++)
        {
            _connection.Send(new RespCommand("PUBLISH", "news", string.Create(CultureInfo.InvariantCulture, $"{i}")), new NotedReply(Note));
            _connection.Send(new RespCommand("ECHO", string.Create(CultureInfo.InvariantCulture, $"{i}")), new NotedReply(Note));
        }

        await AskAsync("PING");
        var expected = Enumerable.Range(0, 1000).SelectMany(i => new[] { $">[$message $news ${i}]", ":1", $"${i}" });
        lock (_heard)
            Assert.Equal(expected, _heard, StringComparer.Ordinal);

        await _connection.UnsubscribeAsync(new RespChannel("news"u8.ToArray()));
        Assert.Equal(":0", await AskAsync("PUBLISH", "news", "unheard"));
    }

    [Fact]
    public async Task ShardedChannel_IsHeard()
    {
        await _connection.SubscribeAsync(new RespChannel("{t}:c"u8.ToArray(), IsSharded: true));
        Assert.Equal(":1", await AskAsync("SPUBLISH", "{t}:c", "hi"));
        lock (_heard)
            Assert.Equal(">[$smessage ${t}:c $hi]", _heard[^1]);
        await _connection.UnsubscribeAsync(new RespChannel("{t}:c"u8.ToArray(), IsSharded: true));
        Assert.Equal(":0", await AskAsync("SPUBLISH", "{t}:c", "hi"));
    }

    [Fact]
    public async Task LargeValues_GoThereAndBack()
    {
        var values = new byte[4][];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = new byte[10_000_000 + i];
            new Random(i).NextBytes(values[i]);
        }

        await Task.WhenAll(values.Select(async (value, i) => (await _connection.SendAsync(new SetCommand(i, value))).Dispose()));
        await Task.WhenAll(values.Select(async (value, i) =>
        {
            using var reply = await _connection.SendAsync(new RespCommand("GET", string.Create(CultureInfo.InvariantCulture, $"{i}")));
            Assert.True(reply.Reader.ReadBytes().SequenceEqual(value));
        }));
    }

    [Fact]
    public async Task KilledByTheServer_FailsWhoWaits()
    {
        var id = (await AskAsync("CLIENT", "ID"))[1..];
        await using var other = await RespConnection.ConnectAsync(_server.EndPoint, new RespConnectionSettings(), null, TimeProvider.System, default);
        Assert.Equal(":1", await ScriptedPeer.TextAsync(other.SendAsync(new RespCommand("CLIENT", "KILL", "ID", id))));
        await ScriptedPeer.Soon(_connection.Ended);
        Assert.Equal("The server closed the connection.", _connection.Fault!.Message);
        await Assert.ThrowsAsync<RespConnectionException>(() => AskAsync("PING"));
        Assert.Equal("+PONG", await ScriptedPeer.TextAsync(other.SendAsync(new RespCommand("PING"))));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        // A loaded machine may take its time for the large ones.
        var settings = new RespConnectionSettings { CommandTimeout = TimeSpan.FromSeconds(30) };
        _connection = await RespConnection.ConnectAsync(_server.EndPoint, settings, this, TimeProvider.System, default);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    void IPushSink.OnPush(RespReader push) => Note(ScriptedPeer.Text(push));

    private void Note(string text)
    {
        lock (_heard)
            _heard.Add(text);
    }

    private Task<string> AskAsync(params string[] command) => ScriptedPeer.TextAsync(_connection.SendAsync(new RespCommand(command)));

    private readonly struct SetCommand(int key, byte[] value) : IRespCommand
    {
        public void Write(ref RespWriter writer)
        {
            writer.Begin(3);
            writer.Add("SET");
            writer.Add(key);
            writer.Add(value);
        }
    }
}
