using Freshet.Resp.Connections;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Topology;

/// <summary>
/// Who lives on a link: told, in this order and never at once, of each connection and of its end. What it does must be quick.
/// </summary>
internal interface ILinkUser : IPushSink
{
    /// <summary>A connection stands; nothing has been sent on it.</summary>
    void OnUp(RespConnection connection);

    /// <summary>It has ended, and all its commands have failed.</summary>
    void OnDown(Exception why);
}

/// <summary>
/// A connection that is kept up: when it ends, another one is made after a growing, random time, wherever the server is then.
/// Without a connection commands fail at once; nothing is kept for later. Safe for concurrent use.
/// </summary>
internal sealed class RespLink : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task<RespConnection>> _connect;
    private readonly ILinkUser? _user;
    private readonly Backoff _backoff;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _running;
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RespConnection? _current;
    private volatile Exception? _fault;

    /// <param name="connect">Finds the server and connects to it.</param>
    /// <param name="user">Who lives on it; null for nobody.</param>
    /// <param name="backoff">How long to wait between attempts.</param>
    /// <param name="time">The clock of the waiting.</param>
    public RespLink(Func<CancellationToken, Task<RespConnection>> connect, ILinkUser? user, Backoff backoff, TimeProvider time)
    {
        _connect = connect;
        _user = user;
        _backoff = backoff;
        _time = time;
        _running = RunAsync(_closing.Token);
    }

    /// <summary>The connection that stands; null when none does.</summary>
    public RespConnection? Current => _current is { HasEnded: false } current ? current : null;

    /// <summary>Why the last attempt or connection failed; null when none has.</summary>
    public Exception? Fault => _fault;

    /// <summary>Waits for a connection.</summary>
    /// <exception cref="RespConnectionException">The link is closed.</exception>
    public async Task<RespConnection> UpAsync(CancellationToken cancel)
    {
        while (true)
        {
            var next = Volatile.Read(ref _next);
            if (Current is { } current)
                return current;
            if (_closing.IsCancellationRequested)
                throw NotConnected();
            await next.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="RespConnection.SendAsync{TCommand}(in TCommand, CancellationToken)"/>
    public ValueTask<RespReply> SendAsync<TCommand>(in TCommand command, CancellationToken cancel = default)
        where TCommand : struct, IRespCommand =>
        Current is { } connection ? connection.SendAsync(command, cancel) : ValueTask.FromException<RespReply>(NotConnected());

    /// <summary>The server is not the right one any more: the connection ends, and the link looks for the server anew.</summary>
    /// <param name="connection">The connection that showed it; a later one stays.</param>
    public static ValueTask DropAsync(RespConnection connection) => connection.DisposeAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        // Who waits for a connection waits no more.
        Volatile.Read(ref _next).TrySetResult();
    }

    private RespConnectionException NotConnected() =>
        new(_fault is { } fault ? $"There is no connection to Redis: {fault.Message}" : "There is no connection to Redis yet.", mayHaveRun: false, _fault);

    private async Task RunAsync(CancellationToken closing)
    {
        // Not in the constructor, however fast the network is: its caller may hold a lock, and the user may not know the link yet.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var failures = 0;
        while (!closing.IsCancellationRequested)
        {
            try
            {
                var connection = await _connect(closing).ConfigureAwait(false);
                var since = _time.GetTimestamp();
                await LiveAsync(connection, closing).ConfigureAwait(false);
                // Only one that lasted counts as a success: a server that throws everybody out is not asked in a loop.
                if (_time.GetElapsedTime(since) >= TimeSpan.FromSeconds(1))
                    failures = 0;
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _fault = e;
            }

            try
            {
                await Task.Delay(_backoff.After(++failures), _time, closing).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Closing: the loop ends.
            }
        }
    }

    private async Task LiveAsync(RespConnection connection, CancellationToken closing)
    {
        try
        {
            _user?.OnUp(connection);
            _current = connection;
            Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            await connection.Ended.WaitAsync(closing).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            // Closing ends it below.
        }
        finally
        {
            _current = null;
            await connection.DisposeAsync().ConfigureAwait(false);
            _fault = connection.Fault;
            _user?.OnDown(connection.Fault!);
        }
    }
}
