using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Freshet.AspNetCore.Tests.Testing;

namespace Freshet.AspNetCore.Tests.Events;

/// <summary>A client that writes frames by hand, so that they can be wrong (RFC 6455 §5.2).</summary>
internal sealed class RawSocket : IDisposable
{
    private readonly TcpClient _tcp = new();

    public NetworkStream Stream => _tcp.GetStream();

    public static async Task<RawSocket> ConnectAsync(TestApp app, int receiveBuffer = 0)
    {
        var raw = new RawSocket();
        if (receiveBuffer > 0)
            raw._tcp.ReceiveBufferSize = receiveBuffer;
        await raw._tcp.ConnectAsync(app.Address.Host, app.Address.Port);
        var request = $"GET /events HTTP/1.1\r\nHost: {app.Address.Authority}\r\nAuthorization: Test alice;tenant=acme\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        await raw.Stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var head = new List<byte>();
        var one = new byte[1];
        while (!(head is [.., 13, 10, 13, 10]))
        {
            await raw.Stream.ReadExactlyAsync(one);
            head.Add(one[0]);
        }

        Assert.StartsWith("HTTP/1.1 101", Encoding.ASCII.GetString([.. head]), StringComparison.Ordinal);
        return raw;
    }

    /// <param name="head">The first byte: FIN, reserved bits, opcode.</param>
    /// <param name="payload">What is sent.</param>
    /// <param name="length">The length that the frame says, when it lies.</param>
    /// <param name="isMasked">A client's frames are masked (§5.3).</param>
    public async Task SendAsync(byte head, byte[] payload, ulong? length = null, bool isMasked = true)
    {
        var frame = new List<byte> { head };
        var said = length ?? (ulong)payload.Length;
        var mask = isMasked ? (byte)0x80 : (byte)0;
        if (said < 126)
        {
            frame.Add((byte)(mask | (byte)said));
        }
        else
        {
            frame.Add((byte)(mask | 127));
            var bytes = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, said);
            frame.AddRange(bytes);
        }

        // A mask of zeros leaves the payload as it is.
        if (isMasked)
            frame.AddRange(new byte[4]);
        frame.AddRange(payload);
        await Stream.WriteAsync(frame.ToArray());
    }

    /// <summary>Reads frames until the server closes.</summary>
    /// <returns>The close code; 0 when the connection ended without one.</returns>
    public async Task<int> CloseCodeAsync()
    {
        var head = new byte[2];
        try
        {
            while (true)
            {
                await Stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
                int length = head[1];
                if (length == 126)
                {
                    await Stream.ReadExactlyAsync(head.AsMemory(), TestContext.Current.CancellationToken);
                    length = BinaryPrimitives.ReadUInt16BigEndian(head);
                    head[0] = 0x81;
                }

                var payload = new byte[length];
                await Stream.ReadExactlyAsync(payload, TestContext.Current.CancellationToken);
                if ((head[0] & 0xF) == 8)
                    return payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1005;
            }
        }
        catch (Exception e) when (e is EndOfStreamException or IOException)
        {
            return 0;
        }
    }

    public void Dispose() => _tcp.Dispose();
}
