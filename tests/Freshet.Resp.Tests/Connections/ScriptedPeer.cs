using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.Resp.Tests.Connections;

/// <summary>A server that the test plays, and a connection to it under a clock that the test turns.</summary>
internal sealed class ScriptedPeer : IPushSink, IAsyncDisposable
{
    private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();
    private readonly List<byte> _unread = [];
    private readonly Channel<string> _pushes = Channel.CreateUnbounded<string>();

    public ScriptedPeer(Func<RespConnectionSettings, RespConnectionSettings>? configure = null)
    {
        Stream = new PeerStream(Hear);
        var settings = new RespConnectionSettings { CommandTimeout = TimeSpan.FromSeconds(1) };
        Connection = RespConnection.Start(Stream, configure?.Invoke(settings) ?? settings, this, Time);
    }

    public HookedTime Time { get; } = new();

    public PeerStream Stream { get; }

    public RespConnection Connection { get; }

    /// <summary>Called for each push, inside the read loop.</summary>
    public Action<string>? Pushed { get; set; }

    public static Task<T> Soon<T>(Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    public static Task Soon(Task task) => task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>The next command, its parts with spaces between.</summary>
    public async Task<string> HearAsync() => await Soon(_heard.Reader.ReadAsync().AsTask());

    /// <summary>Whether there is a command that was not heard yet.</summary>
    public bool HasMore => _heard.Reader.TryPeek(out _);

    public async Task<string> PushAsync() => await Soon(_pushes.Reader.ReadAsync().AsTask());

    public void Say(string literal) => Stream.Say(Encoding.Latin1.GetBytes(literal));

    /// <summary>Sends a command; the reply as text. The peer has its bytes when this returns.</summary>
    public Task<string> Ask(params string[] parts) => Ask(CancellationToken.None, parts);

    public Task<string> Ask(CancellationToken cancel, params string[] parts) => TextAsync(Connection.SendAsync(new RespCommand(parts), cancel));

    /// <summary>Turns the clock, as the timers like it: in small steps.</summary>
    public void Pass(double seconds)
    {
        for (var left = seconds; left > 0; left -= 0.25)
            Time.Advance(TimeSpan.FromSeconds(Math.Min(0.25, left)));
    }

    /// <summary>The connection ends, and says why.</summary>
    public async Task<Exception> EndAsync()
    {
        await Soon(Connection.Ended);
        Assert.Equal(0, Connection.InLine);
        Assert.True(Stream.IsDisposed);
        return Connection.Fault!;
    }

    public static async Task<string> TextAsync(ValueTask<RespReply> call)
    {
        using var reply = await call;
        return Text(reply.Reader);
    }

    public static string Text(RespReader reader) => Protocol.Judging.RespValue.Of(ref reader).ToString();

    void IPushSink.OnPush(RespReader push)
    {
        var text = Text(push);
        Pushed?.Invoke(text);
        _pushes.Writer.TryWrite(text);
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        Assert.Equal(0, Connection.InLine);
    }

    // Commands are as RespWriter writes them; an incomplete one waits for more.
    private void Hear(ReadOnlySpan<byte> bytes)
    {
        _unread.AddRange(bytes);
        var text = Encoding.Latin1.GetString([.. _unread]);
        var at = 0;
        while (at < text.Length)
        {
            var parts = new List<string>();
            var next = at;
            if (Number(text, ref next) is not { } count)
                break;
            for (; count > 0; count--)
            {
                if (Number(text, ref next) is not { } length || next + length + 2 > text.Length)
                    break;
                parts.Add(text.Substring(next, length));
                next += length + 2;
            }

            if (count > 0)
                break;
            at = next;
            _heard.Writer.TryWrite(string.Join(' ', parts));
        }

        _unread.RemoveRange(0, at);
    }

    private static int? Number(string text, ref int at)
    {
        var end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
        if (end < 0)
            return null;
        var number = int.Parse(text.AsSpan((at + 1)..end), CultureInfo.InvariantCulture);
        at = end + 2;
        return number;
    }
}

/// <summary>A clock that the test turns, and that calls it back once when somebody looks at it.</summary>
internal sealed class HookedTime : FakeTimeProvider
{
    private Action? _hook;

    public void OnNextLook(Action hook) => _hook = hook;

    public override long GetTimestamp()
    {
        Interlocked.Exchange(ref _hook, null)?.Invoke();
        return base.GetTimestamp();
    }
}

/// <summary>Writes down what a sink is told.</summary>
internal sealed class NotedReply(Action<string> note) : IReplySink
{
    public void OnReply(RespReader reply) => note(ScriptedPeer.Text(reply));

    public void OnFailed(Exception fault) => note(fault.Message);
}
