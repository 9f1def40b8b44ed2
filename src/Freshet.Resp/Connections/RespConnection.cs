using System.Net;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>
/// One connection to one server: commands go out in the order in which they were sent, and replies come back in it. It is used
/// until it ends, for whatever reason, and never repaired: what casts doubt on the order (a frame that is none, a reply that nobody
/// waits for) ends it. Safe for concurrent use.
/// </summary>
internal sealed class RespConnection : IAsyncDisposable
{
    private const int FewInLine = 2;

    // Late so many times over the first in line is given up, and the connection with it: when nothing at all is heard, and else.
    private const int LateAndSilent = 2;
    private const int Late = 8;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RespConnectionSettings _settings;
    private readonly TimeProvider _time;
    private readonly Stream _stream;
    private readonly RespLine _line;
    private readonly RespSender _sender;
    private readonly RespReceiver _receiver;
    private readonly ITimer _timer;

    private RespConnection(Stream stream, RespConnectionSettings settings, IPushSink? pushes, TimeProvider time)
    {
        _stream = stream;
        _settings = settings;
        _time = time;
        _line = new RespLine(settings, time);
        _sender = new RespSender(stream, _line, End);
        _receiver = new RespReceiver(stream, _line, _sender, pushes, settings.Limits, time);
        var tick = settings.CommandTimeout / 4;
        _timer = time.CreateTimer(static connection => ((RespConnection)connection!).Tend(), this, tick, tick);
    }

    /// <summary>
    /// Completes when the connection has ended: every command has its outcome and no sink is called any more. Never with an error,
    /// for <see cref="Fault"/> says why.
    /// </summary>
    public Task Ended => _ended.Task;

    /// <summary>Whether it has ended, or is about to: no command is taken any more.</summary>
    public bool HasEnded => _line.HasEnded;

    /// <summary>Why it has ended; null while it has not.</summary>
    public Exception? Fault => _line.Fault;

    /// <summary>When the server was last heard, as a timestamp.</summary>
    public long LastHeard => _receiver.LastHeard;

    private bool HasHeard => _receiver.HasHeard;

    /// <summary>How many commands wait for their replies.</summary>
    public int InLine => _line.Length;

    /// <summary>What the server said of itself when it was greeted.</summary>
    public RespGreeting Greeting { get; private set; } = null!;

    /// <summary>Connects, signs in and agrees on RESP3.</summary>
    /// <param name="address">The server.</param>
    /// <param name="settings">How.</param>
    /// <param name="pushes">Hears what the server says unasked; null: it is passed over.</param>
    /// <param name="time">Times commands out.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="RespServerException">The server refused, such as an unknown user.</exception>
    /// <exception cref="RespConnectionException">It could not be done otherwise; the message names the server, and what to look at.</exception>
    public static async Task<RespConnection> ConnectAsync(
        EndPoint address, RespConnectionSettings settings, IPushSink? pushes, TimeProvider time, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(settings.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        Stream? stream = null;
        RespConnection? connection = null;
        try
        {
            stream = await RespStream.ConnectAsync(address, either.Token).ConfigureAwait(false);
            if (settings.Tls is { } tls)
                stream = await RespStream.SecureAsync(stream, address, tls, either.Token).ConfigureAwait(false);
            connection = Start(stream, settings, pushes, time);
            connection.Greeting = await RespGreeting.ExchangeAsync(connection, settings, either.Token).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            if (e is RespServerException)
                throw;
            var why = limit.IsCancellationRequested ? $"Nothing came of it within {settings.ConnectTimeout.TotalSeconds:F1} s." : e.Message;
            if (settings.Tls is null && connection is { HasHeard: false })
                why += " Does it expect TLS (rediss:// or ssl=true)?";
            else if (limit.IsCancellationRequested && settings.Tls is not null && stream is not null && connection is null)
                why += RespStream.NoTls;
            throw new RespConnectionException($"No connection to {RespStream.Name(address)}: {why}", mayHaveRun: false, e);
        }
    }

    /// <summary>Uses a stream that is there already, without a greeting.</summary>
    public static RespConnection Start(Stream stream, RespConnectionSettings settings, IPushSink? pushes, TimeProvider time)
    {
        var connection = new RespConnection(stream, settings, pushes, time);
        _ = connection.ReceiveAsync();
        return connection;
    }

    /// <summary>Sends a command. When too many are on their way it waits for its turn, as long as for a reply.</summary>
    /// <returns>Its reply, to be disposed.</returns>
    /// <exception cref="RespServerException">The server answered with an error.</exception>
    /// <exception cref="RespTimeoutException">It did not answer in time.</exception>
    /// <exception cref="RespConnectionException">There is no connection any more, or no room in line.</exception>
    /// <exception cref="OperationCanceledException">The sender left. The command may be carried out.</exception>
    /// <exception cref="InvalidOperationException">It is a command that is not answered by exactly one reply.</exception>
    public ValueTask<RespReply> SendAsync<TCommand>(in TCommand command, CancellationToken cancel = default)
        where TCommand : struct, IRespCommand => SendAsync(command, default, cancel);

    /// <summary>Sends ASKING and a command, with nothing between them: the server takes the one only for the other.</summary>
    /// <inheritdoc cref="SendAsync{TCommand}(in TCommand, CancellationToken)"/>
    public ValueTask<RespReply> SendAskingAsync<TCommand>(in TCommand command, CancellationToken cancel = default)
        where TCommand : struct, IRespCommand => SendAsync(command, new CallKind(IsAsking: true), cancel);

    /// <summary>Sends a command whose reply is looked at inside the read loop. Full or ended, it fails at once.</summary>
    /// <exception cref="InvalidOperationException">It is a command that is not answered by exactly one reply.</exception>
    public void Send<TCommand>(in TCommand command, IReplySink sink)
        where TCommand : struct, IRespCommand
    {
        RespException fault;
        try
        {
            if (Put(command, sink, default) is not null)
                return;
            fault = RespLine.Full();
        }
        catch (RespException e)
        {
            fault = e;
        }

        sink.OnFailed(fault);
    }

    /// <summary>Asks for the messages of a channel, and completes when the server has said that they come from now on.</summary>
    /// <remarks>They come as pushes, and so does the confirmation.</remarks>
    /// <inheritdoc cref="SendAsync{TCommand}(in TCommand, CancellationToken)" path="/exception"/>
    public ValueTask SubscribeAsync(RespChannel channel, CancellationToken cancel = default) =>
        ChangeAsync(new ChannelChange(channel, isSubscribe: true), cancel);

    /// <summary>Asks for no more messages of a channel, and completes when the server has said that none come any more.</summary>
    /// <inheritdoc cref="SendAsync{TCommand}(in TCommand, CancellationToken)" path="/exception"/>
    public ValueTask UnsubscribeAsync(RespChannel channel, CancellationToken cancel = default) =>
        ChangeAsync(new ChannelChange(channel, isSubscribe: false), cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End(new RespConnectionException("The connection was closed here.", mayHaveRun: true));
        await Ended.ConfigureAwait(false);
    }

    private async ValueTask ChangeAsync(ChannelChange change, CancellationToken cancel) =>
        (await SendAsync(new ChannelChange.Command(change), new CallKind(change), cancel).ConfigureAwait(false)).Dispose();

    private ValueTask<RespReply> SendAsync<TCommand>(in TCommand command, CallKind kind, CancellationToken cancel)
        where TCommand : struct, IRespCommand
    {
        cancel.ThrowIfCancellationRequested();
        RespCall call;
        try
        {
            call = Put(command, null, kind)!;
        }
        catch (RespException e)
        {
            // Who sends several commands before awaiting the first must not lose that one's reply.
            return ValueTask.FromException<RespReply>(e);
        }

        var reply = call.Reply;
        call.LeaveWhen(cancel);
        return reply;
    }

    private RespCall? Put<TCommand>(in TCommand command, IReplySink? sink, CallKind kind)
        where TCommand : struct, IRespCommand
    {
        // Alone, it goes at once. In company others are about to send too, and one packet will do for all.
        if (_line.Put(command, sink, kind, out var call))
            _sender.Send(inline: _line.Length <= FewInLine);
        return call;
    }

    private async Task ReceiveAsync()
    {
        try
        {
            await _receiver.ReceiveAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            End(e);
        }

        try
        {
            _line.FailAll();
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Tend()
    {
        var first = _line.FailLate();
        var silence = _time.GetElapsedTime(LastHeard);
        if (first > LateAndSilent * _settings.CommandTimeout && silence > _settings.CommandTimeout)
            End(new IOException("The server has stopped answering."));
        else if (first > Late * _settings.CommandTimeout)
            End(new IOException("The server speaks, and does not answer."));
    }

    // The read loop does the rest, for its read fails now.
    private void End(Exception fault)
    {
        if (!_line.TryEnd(fault))
            return;
        _timer.Dispose();
        _stream.Dispose();
    }
}
