using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Sockets;

namespace Freshet.Benchmarks.Sockets;

/// <summary>
/// A WebSocket as small as can be: it reads frames (RFC 6455 §5.2) out of one fixed piece of memory, notes when messages came
/// and, where asked, up to which offset they tell. Its callbacks come one at a time.
/// </summary>
internal sealed class SocketClient : SocketAsyncEventArgs
{
    /// <summary>More than a message of 256 names, which is the longest.</summary>
    public const int BufferSize = 4096;

    private static readonly byte[] PositionName = "\"position\":\""u8.ToArray();

    private readonly TaskCompletionSource _ready = new();
    private readonly SocketLoad _load;
    private readonly Socket _socket;
    private readonly int _offset;
    private readonly long[] _arrivals; // pairs: up to which offset, when
    private int _filled;
    private bool _isUpgraded;
    private int _messages;
    private long _through;

    public SocketClient(SocketLoad load, Socket socket, byte[] buffer, int offset, int maxEvents)
    {
        _load = load;
        _socket = socket;
        _arrivals = new long[2 * maxEvents];
        _offset = offset;
        SetBuffer(buffer, offset, BufferSize);
    }

    public Task Ready => _ready.Task;

    /// <summary>How many invalidations it has got.</summary>
    public int Messages => Volatile.Read(ref _messages);

    /// <summary>When the last one came.</summary>
    public long ReceivedAt { get; private set; }

    /// <summary>The last offset of which it has been told; only when arrivals are kept.</summary>
    public long Through => Volatile.Read(ref _through);

    public int Resyncs { get; private set; }

    public byte[] LastMessage { get; private set; } = [];

    /// <summary>Up to which offset each of the messages told, and when it came.</summary>
    public IEnumerable<(long Through, long At)> Arrivals()
    {
        for (var i = 0; i < 2 * Math.Min(_messages, _arrivals.Length / 2); i += 2)
            yield return (_arrivals[i], _arrivals[i + 1]);
    }

    public void Start()
    {
        while (!_socket.ReceiveAsync(this))
        {
            if (!Take())
                return;
        }
    }

    public void Close() => _socket.Dispose();

    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (Take())
            Start();
    }

    // False: it is over.
    private bool Take()
    {
        if (SocketError is not SocketError.Success || BytesTransferred == 0)
            return Fail($"a connection ended: {SocketError}");
        var now = Stopwatch.GetTimestamp();
        _filled += BytesTransferred;
        var own = Buffer.AsSpan(_offset, BufferSize);
        ReadOnlySpan<byte> bytes = own[.._filled];
        if (!_isUpgraded)
        {
            var end = bytes.IndexOf("\r\n\r\n"u8);
            if (end >= 0)
            {
                if (!bytes.StartsWith("HTTP/1.1 101"u8))
                    return Fail($"a server answered {System.Text.Encoding.ASCII.GetString(bytes[..bytes.IndexOf((byte)'\r')])}");
                _isUpgraded = true;
                bytes = bytes[(end + 4)..];
            }
        }

        while (_isUpgraded && bytes.Length >= 2)
        {
            var head = bytes[1] == 126 ? 4 : 2;
            if (bytes.Length < head)
                break;
            int length = head == 2 ? bytes[1] : BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            if (bytes[0] != 0x81 || bytes[1] > 126 || head + length > BufferSize)
                return Fail($"a frame that no message needs: {bytes[0]:X2} {bytes[1]:X2}");
            if (bytes.Length < head + length)
                break;
            Hear(bytes.Slice(head, length), now);
            bytes = bytes[(head + length)..];
        }

        bytes.CopyTo(own);
        _filled = bytes.Length;
        SetBuffer(_offset + _filled, BufferSize - _filled);
        return true;
    }

    // {"type":"…": the tenth byte tells the types apart, but for ready and resync.
    private void Hear(ReadOnlySpan<byte> message, long now)
    {
        switch (message[9])
        {
            case (byte)'c':
                HearInvalidation(message, now);
                break;
            case (byte)'r' when message[11] == (byte)'a':
                _ready.TrySetResult();
                break;
            case (byte)'r':
                Resyncs++;
                break;
        }
    }

    private void HearInvalidation(ReadOnlySpan<byte> message, long now)
    {
        ReceivedAt = now;
        if (_messages == 0)
            LastMessage = message.ToArray();
        if (_arrivals.Length > 0)
        {
            var through = OffsetIn(message);
            if (_messages < _arrivals.Length / 2)
                (_arrivals[2 * _messages], _arrivals[(2 * _messages) + 1]) = (through, now);
            Volatile.Write(ref _through, through);
        }

        Volatile.Write(ref _messages, _messages + 1);
        _load.Received();
    }

    // Rule E1: the offset is bytes 18 to 25 of a token, so it begins with its 25th character; the tenant's own token comes first.
    private static long OffsetIn(ReadOnlySpan<byte> message)
    {
        Span<byte> nine = stackalloc byte[9];
        var token = message[(message.LastIndexOf(PositionName) + PositionName.Length)..];
        Base64Url.DecodeFromUtf8(token.Slice(24, 12), nine, out _, out _);
        return BinaryPrimitives.ReadInt64LittleEndian(nine);
    }

    private bool Fail(string why)
    {
        // What fails because the load is closing it concerns nobody any more.
        if (SocketError is not SocketError.OperationAborted)
        {
            _load.Fail(why);
            _ready.TrySetException(new InvalidDataException(why));
        }

        return false;
    }
}
