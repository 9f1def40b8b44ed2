namespace Freshet.Benchmarks.Sockets;

/// <summary>A server in a process of its own, and its clients in another.</summary>
internal sealed class SocketContender : IDisposable
{
    private readonly ChildProcess _server = new(SocketServer.Command);
    private ChildProcess _load = ChildProcess.Load(SocketLoad.Command);
    private int _port;

    private SocketContender(string name) => Name = name;

    public string Name { get; }

    public static async Task<SocketContender> StartAsync(string name, SocketServerKind kind)
    {
        var contender = new SocketContender(name);
        contender._port = (await contender.AskAsync(new ServerTask.Listen(kind))).Port;
        return contender;
    }

    public Task<ServerReport> AskAsync(ServerTask task) => _server.AskAsync<ServerTask, ServerReport>(task);

    public async Task<LoadReport> LoadAsync(LoadTask task)
    {
        var report = await _load.AskAsync<LoadTask, LoadReport>(task);
        return report.Error is null ? report : throw new InvalidOperationException($"{Name}: {report.Error}");
    }

    /// <returns>How long it took until all were ready, in seconds.</returns>
    public async Task<double> ConnectAsync(int count, int readerEvery, int maxEvents = 0) =>
        (await LoadAsync(new LoadTask.Connect(_port, count, readerEvery, maxEvents))).Seconds;

    /// <summary>One message to all, or to the one user's sockets.</summary>
    public async Task<Broadcast> TellAsync(bool reader, int receivers)
    {
        var before = await AskAsync(new ServerTask.Account());
        var told = await AskAsync(new ServerTask.Tell(reader));
        var received = await LoadAsync(new LoadTask.Collect(reader));
        var after = await AskAsync(new ServerTask.Account());
        return new Broadcast(
            Milliseconds(told.Called, told.Returned), Milliseconds(told.Called, received.LastReceipt),
            (after.Processor - before.Processor) * 1e6 / receivers, received.Message!);
    }

    /// <summary>New clients, none of whom is connected.</summary>
    public async Task ReplaceClientsAsync()
    {
        _load.Dispose();
        _load = ChildProcess.Load(SocketLoad.Command);
        await AskAsync(new ServerTask.Drain());
    }

    public void Dispose()
    {
        _load.Dispose();
        _server.Dispose();
    }

    private static double Milliseconds(long from, long to) => System.Diagnostics.Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}

/// <summary>One message, told and received.</summary>
/// <param name="Returned">When the call returned, in milliseconds.</param>
/// <param name="LastReceipt">When the last receiver had it, in milliseconds from the call.</param>
/// <param name="Processor">The server's processor time for each receiver, in microseconds.</param>
/// <param name="Message">The first message that a receiver got.</param>
internal readonly record struct Broadcast(double Returned, double LastReceipt, double Processor, byte[] Message);
