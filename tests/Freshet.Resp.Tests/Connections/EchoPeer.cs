using System.Collections.Concurrent;
using System.Text;
using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Connections;

/// <summary>
/// A server that answers ECHO with what it was told, in pieces of any size, with pushes between, and when it likes to. It remembers
/// what it has heard.
/// </summary>
internal sealed class EchoPeer : IPushSink, IAsyncDisposable
{
    private readonly PeerStream _stream;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly List<byte> _heard = [];
    private readonly List<byte> _answers = [];
    private bool _isSilent;

    public EchoPeer(int seed, RespConnectionSettings settings, TimeProvider time)
    {
        _random = new Random(seed);
        _stream = new PeerStream(Hear);
        Connection = RespConnection.Start(_stream, settings, this, time);
    }

    public RespConnection Connection { get; }

    /// <summary>Every argument of ECHO that it ever got.</summary>
    public ConcurrentDictionary<string, bool> Heard { get; } = new(StringComparer.Ordinal);

    public int Pushes { get; private set; }

    /// <summary>Says some of what it has to say, or becomes silent for a while.</summary>
    public void Speak()
    {
        lock (_gate)
        {
            if (_random.Next(200) == 0)
                _isSilent = !_isSilent;
            if (_isSilent || _answers.Count == 0)
                return;
            var length = _random.Next(3) == 0 ? _random.Next(1, _answers.Count + 1) : _answers.Count;
            _stream.Say([.. _answers[..length]]);
            _answers.RemoveRange(0, length);
        }
    }

    /// <summary>Ends it in one of many ways.</summary>
    public void Break(int way)
    {
        switch (way % 5)
        {
            case 0:
                _stream.Close();
                break;
            case 1:
                _stream.Close(new IOException("Connection reset by peer"));
                break;
            case 2:
                _stream.Say("?"u8.ToArray()); // no end of line, which could make a whole frame of the half of one
                break;
            case 3:
                _stream.Dispose();
                break;
            default:
                _ = Connection.DisposeAsync().AsTask();
                break;
        }
    }

    public void OnPush(RespReader push) => Pushes++;

    public async ValueTask DisposeAsync()
    {
        await ScriptedPeer.Soon(Connection.DisposeAsync().AsTask());
        Assert.Equal(0, Connection.InLine);
    }

    private void Hear(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            _heard.AddRange(bytes);
            while (Protocol.Judging.SlowParser.Judge([.. _heard], RespLimits.Default) is { Verdict: Protocol.Judging.Verdict.Complete } command)
            {
                _heard.RemoveRange(0, command.Length);
                Answer(command.Value!.Parts[0].Text, command.Value.Parts[1].Text);
            }
        }
    }

    private void Answer(string name, string argument)
    {
        if (_random.Next(4) == 0)
            _answers.AddRange(">2\r\n+message\r\n$2\r\nhi\r\n"u8);
        var text = name == "ECHO" ? $"${argument.Length}\r\n{argument}\r\n" : $">3\r\n${name.Length}\r\n{name}\r\n${argument.Length}\r\n{argument}\r\n:1\r\n";
        Heard[argument] = true;
        _answers.AddRange(Encoding.Latin1.GetBytes(text));
    }
}
