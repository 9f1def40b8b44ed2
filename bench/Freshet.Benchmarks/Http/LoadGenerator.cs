using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Freshet.Benchmarks.Http;

/// <summary>
/// The client's process: takes one order a line and answers with one result a line. It runs apart from the servers so that
/// what they allocate can be told from what it allocates, and it does as little as can be done to know that every answer
/// came and was the right one: on two cores, whatever the client spends is missing from the server.
/// </summary>
internal static class LoadGenerator
{
    public static async Task<int> ServeAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var order = JsonSerializer.Deserialize<LoadOrder>(line)!;
            var result = await RunAsync(order);
            Console.WriteLine(JsonSerializer.Serialize(result));
        }

        return 0;
    }

    private static async Task<LoadResult> RunAsync(LoadOrder order)
    {
        var run = new Run(order);
        try
        {
            await run.ConnectAsync();
            return await run.MeasureAsync();
        }
        catch (Exception error) when (error is SocketException or InvalidDataException)
        {
            return new LoadResult(0, 1, 0, 0, error.Message);
        }
        finally
        {
            run.Close();
        }
    }

    private sealed class Run(LoadOrder order)
    {
        private readonly Socket[] _sockets = new Socket[order.Connections];
        private readonly LatencyHistogram _latencies = new();
        private readonly byte[] _batch = Enumerable.Repeat(order.Request, order.Pipeline).SelectMany(bytes => bytes).ToArray();
        private readonly byte[] _status = Encoding.ASCII.GetBytes(order.Status);
        private long _deadline;
        private long _responses;

        public async Task ConnectAsync()
        {
            for (var i = 0; i < _sockets.Length; i++)
            {
                _sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await _sockets[i].ConnectAsync(IPAddress.Loopback, order.Port);
            }
        }

        public async Task<LoadResult> MeasureAsync()
        {
            var started = Stopwatch.GetTimestamp();
            _deadline = started + (long)(order.Seconds * Stopwatch.Frequency);
            await Task.WhenAll(_sockets.Select(LoopAsync));
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return new LoadResult(_responses, seconds, _latencies.Percentile(0.5), _latencies.Percentile(0.99), Error: null);
        }

        public void Close()
        {
            foreach (var socket in _sockets)
                socket?.Dispose();
        }

        private async Task LoopAsync(Socket socket)
        {
            await Task.Yield();
            var answers = new AnswerReader(_status, order.BodyLength, order.Pipeline);
            long received = 0;
            for (var now = Stopwatch.GetTimestamp(); now < _deadline;)
            {
                await socket.SendAsync(_batch);
                for (var missing = order.Pipeline; missing > 0;)
                {
                    var read = await socket.ReceiveAsync(answers.Free);
                    if (read == 0)
                        throw new InvalidDataException("The server closed the connection.");
                    missing -= answers.Take(read);
                }

                received += order.Pipeline;
                var then = now;
                now = Stopwatch.GetTimestamp();
                _latencies.Add(then, now);
            }

            Interlocked.Add(ref _responses, received);
        }
    }
}
