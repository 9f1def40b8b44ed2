using Freshet.Benchmarks.Http;

namespace Freshet.Benchmarks.Sockets;

/// <summary>
/// Clients that hear events: what it costs to connect and to hold them, and how soon they hear. The bare server is the
/// reference; what they do alternates, and what counts is the ratio within a round.
/// </summary>
internal static class SocketBenchmark
{
    private const int ReaderEvery = 100;
    private const int Parts = 10;
    private const int WarmUps = 20;
    private const int StreamSockets = 1_000;
    private const int PerSecond = 1_000;
    private const double WarmUpSeconds = 1;

    public static async Task RunAsync(TextWriter output, SocketOptions options)
    {
        using (var bare = await SocketContender.StartAsync("bare", SocketServerKind.Bare))
        using (var signedIn = await SocketContender.StartAsync("bare, signed in", SocketServerKind.SignedIn))
        using (var freshet = await SocketContender.StartAsync("Freshet", SocketServerKind.Freshet))
            await BroadcastsAsync(output, options, bare, signedIn, freshet);
        using (var freshet = await SocketContender.StartAsync("Freshet", SocketServerKind.Freshet))
            await StreamAsync(output, options, freshet);
    }

    private static async Task BroadcastsAsync(TextWriter output, SocketOptions options, params SocketContender[] contenders)
    {
        await WarmUpAsync(options, contenders);
        var empty = await MeasureAsync(contenders);

        var seconds = contenders.Select(_ => new List<double>()).ToArray();
        var part = Math.Max(ReaderEvery, options.Connections / Parts / ReaderEvery * ReaderEvery);
        for (var connected = 0; connected < options.Connections; connected += part)
        {
            var count = Math.Min(part, options.Connections - connected);
            foreach (var i in Order(contenders, connected / part))
                seconds[i].Add(await contenders[i].ConnectAsync(count, ReaderEvery) / count);
        }

        var full = await MeasureAsync(contenders);
        var toAll = contenders.Select(_ => new List<Broadcast>()).ToArray();
        var toReader = contenders.Select(_ => new List<Broadcast>()).ToArray();
        var readers = (options.Connections + ReaderEvery - 1) / ReaderEvery;
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var i in Order(contenders, round))
            {
                toReader[i].Add(await contenders[i].TellAsync(reader: true, readers));
                toAll[i].Add(await contenders[i].TellAsync(reader: false, options.Connections));
            }
        }

        var after = await MeasureAsync(contenders);

        output.WriteLine($"| server, {options.Connections:N0} sockets | connected a second | of bare | memory a socket | of which managed | after the rounds |");
        output.WriteLine("|---|---|---|---|---|---|");
        for (var i = 0; i < contenders.Length; i++)
        {
            output.WriteLine(
                $"| {contenders[i].Name} | {1 / ThroughputTable.Median(seconds[i]):N0} "
                + $"| {ThroughputTable.Median(seconds[i].Zip(seconds[0], (own, other) => other / own)):F2} "
                + $"| {Kilobytes(full[i].WorkingSet - empty[i].WorkingSet)} | {Kilobytes(full[i].Managed - empty[i].Managed)} "
                + $"| {Kilobytes(after[i].WorkingSet - empty[i].WorkingSet)} |");
        }

        output.WriteLine();
        output.WriteLine("| server, one event | receivers | call returns after | last receipt after | of bare | server's processor time a receiver | of bare |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var (told, receivers) in (ReadOnlySpan<(List<Broadcast>[], int)>)[(toAll, options.Connections), (toReader, readers)])
        {
            for (var i = 0; i < contenders.Length; i++)
            {
                output.WriteLine(
                    $"| {contenders[i].Name} | {receivers:N0} | {ThroughputTable.Median(told[i].Select(t => t.Returned)):F2} ms "
                    + $"| {ThroughputTable.Median(told[i].Select(t => t.LastReceipt)):F1} ms | {Ratio(told[i], told[0], t => t.LastReceipt):F2} "
                    + $"| {ThroughputTable.Median(told[i].Select(t => t.Processor)):F1} µs | {Ratio(told[i], told[0], t => t.Processor):F2} |");
            }
        }

        output.WriteLine();
        output.Flush();

        string Kilobytes(long bytes) => $"{bytes / 1024.0 / options.Connections:F1} KB";
    }

    private static async Task StreamAsync(TextWriter output, SocketOptions options, SocketContender freshet)
    {
        var sockets = Math.Min(StreamSockets, options.Connections);
        await freshet.ConnectAsync(sockets, ReaderEvery, maxEvents: (int)(PerSecond * (options.Seconds + WarmUpSeconds)));
        await StreamAsync(freshet, WarmUpSeconds);
        var (streamed, received, processor) = await StreamAsync(freshet, options.Seconds);

        output.WriteLine($"| server, {sockets:N0} sockets, {options.Seconds:N0} s | events/s | messages a socket | p50 | p99 | resyncs | server's processors |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        output.WriteLine(
            $"| {freshet.Name} | {streamed.Appended!.Length / Seconds(streamed.Appended[0], streamed.Appended[^1]):N0} | {received.MessagesPerSocket:N0} "
            + $"| {received.P50:F1} ms | {received.P99:F1} ms | {received.Resyncs} | {processor / Seconds(streamed.Appended[0], streamed.Appended[^1]):F2} |");
        output.Flush();
    }

    private static async Task<(ServerReport Streamed, LoadReport Received, double Processor)> StreamAsync(SocketContender freshet, double seconds)
    {
        var before = await freshet.AskAsync(new ServerTask.Account());
        var streamed = await freshet.AskAsync(new ServerTask.Stream(PerSecond, seconds));
        var received = await freshet.LoadAsync(new LoadTask.Delays(streamed.First, streamed.Appended!));
        return (streamed, received, (await freshet.AskAsync(new ServerTask.Account())).Processor - before.Processor);
    }

    // The code is compiled, and the bare servers learn what to send: the very bytes that Freshet, the last one, sends.
    private static async Task WarmUpAsync(SocketOptions options, SocketContender[] contenders)
    {
        var sockets = Math.Max(ReaderEvery, options.Connections / 20);
        foreach (var contender in contenders)
            await contender.ConnectAsync(sockets, ReaderEvery);
        var told = await contenders[^1].TellAsync(reader: false, sockets);
        foreach (var contender in contenders[..^1])
            await contender.AskAsync(new ServerTask.Prepare(told.Message));
        foreach (var contender in contenders)
        {
            for (var i = 0; i < WarmUps; i++)
            {
                await contender.TellAsync(reader: true, 1);
                await contender.TellAsync(reader: false, sockets);
            }

            await contender.ReplaceClientsAsync();
        }
    }

    private static async Task<ServerReport[]> MeasureAsync(SocketContender[] contenders)
    {
        var reports = new ServerReport[contenders.Length];
        for (var i = 0; i < contenders.Length; i++)
            reports[i] = await contenders[i].AskAsync(new ServerTask.Measure());
        return reports;
    }

    // Who comes first takes turns.
    private static IEnumerable<int> Order(SocketContender[] contenders, int round) =>
        Enumerable.Range(0, contenders.Length).Select(i => (i + round) % contenders.Length);

    private static double Seconds(long from, long to) => System.Diagnostics.Stopwatch.GetElapsedTime(from, to).TotalSeconds;

    private static double Ratio(List<Broadcast> own, List<Broadcast> reference, Func<Broadcast, double> of) =>
        ThroughputTable.Median(own.Zip(reference, (a, b) => of(a) / of(b)));
}
