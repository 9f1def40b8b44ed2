using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Freshet.Benchmarks.Sockets;

/// <summary>The clients' process: takes one <see cref="LoadTask"/> a line and answers with one <see cref="LoadReport"/> a line.</summary>
internal sealed class SocketLoad
{
    public const string Command = "socket-load";

    // One source address has 28,000 ports by default.
    private const int SocketsPerAddress = 20_000;
    private const int ConnectingAtOnce = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<SocketClient> _clients = [];
    private int _readerEvery;
    private int _toAll;
    private int _toReader;
    private long _received;
    private long _collected;
    private volatile string? _error;

    public static async Task<int> ServeAsync()
    {
        var load = new SocketLoad();
        while (await Console.In.ReadLineAsync() is { } line)
        {
            LoadReport report;
            try
            {
                report = await load.RunAsync(JsonSerializer.Deserialize<LoadTask>(line)!);
            }
            catch (Exception error) when (error is SocketException or InvalidDataException)
            {
                report = new LoadReport(Error: error.Message);
            }

            Console.WriteLine(JsonSerializer.Serialize(report));
        }

        foreach (var client in load._clients)
            client.Close();
        return 0;
    }

    /// <summary>An invalidation came.</summary>
    public void Received() => Interlocked.Increment(ref _received);

    /// <summary>Nothing that is measured from now on counts.</summary>
    public void Fail(string why) => _error ??= why;

    private Task<LoadReport> RunAsync(LoadTask task) => task switch
    {
        LoadTask.Connect connect => ConnectAsync(connect),
        LoadTask.Collect collect => CollectAsync(collect),
        LoadTask.Delays delays => DelaysAsync(delays),
        _ => throw new InvalidDataException($"Unknown task {task}."),
    };

    private async Task<LoadReport> ConnectAsync(LoadTask.Connect connect)
    {
        _readerEvery = connect.ReaderEvery;
        var from = _clients.Count;
        var clients = new SocketClient[connect.Count];
        var memory = GC.AllocateUninitializedArray<byte>(connect.Count * SocketClient.BufferSize, pinned: true);
        var started = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, connect.Count, new ParallelOptions { MaxDegreeOfParallelism = ConnectingAtOnce }, async (i, cancel) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (from + i >= SocketsPerAddress)
                socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(1 + ((from + i) / SocketsPerAddress))]), 0));
            await socket.ConnectAsync(IPAddress.Loopback, connect.Port, cancel);
            clients[i] = new SocketClient(this, socket, memory, i * SocketClient.BufferSize, connect.MaxEvents);
            await socket.SendAsync(Handshake(connect.Port, UserOf(from + i)), cancel);
            clients[i].Start();
            await clients[i].Ready.WaitAsync(cancel);
        });
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _clients.AddRange(clients);
        return new LoadReport(seconds);
    }

    private async Task<LoadReport> CollectAsync(LoadTask.Collect collect)
    {
        var concerned = _clients.Where((_, i) => !collect.OfReader || IsReader(i)).ToArray();
        _collected += concerned.Length;
        if (collect.OfReader)
            _toReader++;
        else
            _toAll++;
        await UntilAsync(() => Interlocked.Read(ref _received) >= _collected, $"{concerned.Length:N0} messages");

        // On each socket what came comes in order: once the last one to all is here, whatever was sent to the wrong ones is, too.
        if (!collect.OfReader && _clients.Where((c, i) => c.Messages != _toAll + (IsReader(i) ? _toReader : 0)).Any())
            throw new InvalidDataException("Somebody got a message that does not concern them, or missed one.");
        return new LoadReport(LastReceipt: concerned.Max(c => c.ReceivedAt), Message: concerned[^1].LastMessage);
    }

    private async Task<LoadReport> DelaysAsync(LoadTask.Delays delays)
    {
        var last = delays.First + delays.Appended.Length - 1;
        await UntilAsync(() => _clients.TrueForAll(c => c.Through >= last), $"everything up to {last:N0}");

        var histogram = new LatencyHistogram();
        long messages = 0;
        foreach (var client in _clients)
        {
            var next = delays.First;
            foreach (var (through, at) in client.Arrivals())
            {
                if (through >= delays.First)
                    messages++;
                for (; next <= through; next++)
                    histogram.Add(delays.Appended[next - delays.First], at);
            }
        }

        return new LoadReport(
            MessagesPerSocket: (double)messages / _clients.Count, P50: histogram.Percentile(0.5), P99: histogram.Percentile(0.99),
            Resyncs: _clients.Sum(c => c.Resyncs));
    }

    // Looks from time to time; the receipts carry their own times.
    private async Task UntilAsync(Func<bool> isDone, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!isDone())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new InvalidDataException($"Waited in vain for {what}.");
            await Task.Delay(2);
            if (_error is { } error)
                throw new InvalidDataException(error);
        }
    }

    private bool IsReader(int index) => index % _readerEvery == 0;

    private string UserOf(int index) => IsReader(index) ? SocketServer.Reader : $"user {index}";

    private static byte[] Handshake(int port, string user) => Encoding.ASCII.GetBytes(
        $"GET {SocketServer.Path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: freshet.v1\r\n"
        + $"{SocketServer.UserHeader}: {user}\r\n\r\n");
}
