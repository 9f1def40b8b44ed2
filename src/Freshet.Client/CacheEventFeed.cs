using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Freshet.Client;

/// <summary>The server refuses this user: 403, or 401 where no other token can be had, or its rights have changed (4403).</summary>
/// <param name="message">Why.</param>
public sealed class CacheEventsRefusedException(string message) : Exception(message);

/// <summary>
/// The events of a server, for as long as they are read: it connects, and connects again after a growing, random time, saying
/// where it was. Each call of <see cref="ReadAsync"/> has a connection of its own.
/// </summary>
public sealed class CacheEventFeed(FreshetClientOptions options)
{
    private const int TokenExpired = 4401;
    private const int RightsChanged = 4403;
    private const int Unreadable = -1;
    private const int MaxMessageBytes = 256 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Reads the events from now on, or from where somebody was.</summary>
    /// <param name="position">The <see cref="CacheEvent.Position"/> of the last event that was heard; empty to begin now.</param>
    /// <param name="cancel">Ends the reading and the connection.</param>
    /// <exception cref="CacheEventsRefusedException">The server refuses this user; trying again would not help.</exception>
    public async IAsyncEnumerable<CacheEvent> ReadAsync(string position = "", [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var heard = ClientPosition.Parse(position);
        var failures = 0;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            int? end;
            Exception? fault;
            // Disposed before the pause, so that the server does not count it meanwhile.
            using (var socket = new ClientWebSocket())
            {
                (end, fault) = await ConnectAsync(socket, heard, cancel).ConfigureAwait(false);
                var buffer = new byte[4096];
                var silence = TimeSpan.FromSeconds(20);
                while (end is null)
                {
                    CacheEvent? told;
                    var waiting = Moment.Now(options.Time);
                    (told, end, buffer) = await ReceiveAsync(socket, buffer, silence, cancel).ConfigureAwait(false);
                    // The machine has slept meanwhile. Contact has lapsed, and only `ready` brings it back (E8).
                    if (waiting.Elapsed(options.Time) >= silence)
                        end ??= 0;
                    if (end == Unreadable)
                        heard = ClientPosition.Nowhere; // it may have hidden a touch: the next connection is not resumed
                    if (told is null)
                        continue;
                    if (told.Kind is CacheEventKind.Ready)
                    {
                        silence = 2 * told.Heartbeat;
                        failures = 0;
                    }

                    heard = told.Kind is CacheEventKind.Resync || told is { Kind: CacheEventKind.Ready, IsResumed: false }
                        ? ClientPosition.Parse(told.Position)
                        : heard.Then(ClientPosition.Parse(told.Position));
                    yield return told;
                }
            }

            yield return new CacheEvent(CacheEventKind.Lost) { Fault = fault };
            if (end == RightsChanged)
                throw new CacheEventsRefusedException("The user's rights have changed: sign in anew.");
            // A new token can be had at once; who is thrown out again and again waits like everybody.
            if (end != TokenExpired || failures > 0)
                await Task.Delay(Pause(failures), options.Time, cancel).ConfigureAwait(false);
            failures++;
        }
    }

    // Full jitter: clients that a restart cut off do not come back together. One millisecond at least: less is no pause.
    private static TimeSpan Pause(int failures)
    {
        var most = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(failures, 16));
        return TimeSpan.FromMilliseconds(1) + TimeSpan.FromTicks((long)(most * (RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue)));
    }

    /// <returns>No end when it is connected; else the code with which it ended, 0 for none.</returns>
    private async Task<(int? End, Exception? Fault)> ConnectAsync(ClientWebSocket socket, ClientPosition heard, CancellationToken cancel)
    {
        socket.Options.AddSubProtocol("freshet.v1");
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        using var limit = new CancellationTokenSource(ConnectLimit, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            if (options.Token is { } source && await source(either.Token).ConfigureAwait(false) is { } token)
                socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
            options.Configure?.Invoke(socket.Options);
            await socket.ConnectAsync(AddressFrom(heard), options.Carrier, either.Token).ConfigureAwait(false);
            return default;
        }
        catch (WebSocketException e) when (IsFinal(socket.HttpStatusCode))
        {
            throw new CacheEventsRefusedException($"The server answered {(int)socket.HttpStatusCode}: {e.Message}");
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            // No server or no token now; who reads is told why, and the next try asks for both again.
            return (0, e);
        }
    }

    // A new token may help against 401.
    private bool IsFinal(HttpStatusCode status) =>
        status is HttpStatusCode.Forbidden || (status is HttpStatusCode.Unauthorized && options.Token is null);

    private Uri AddressFrom(ClientPosition heard)
    {
        var address = new UriBuilder(options.Events) { Scheme = options.Events.Scheme is "https" or "wss" ? "wss" : "ws" };
        var from = heard.ToString();
        if (from.Length > 0)
            address.Query = address.Query.Length > 1 ? $"{address.Query[1..]}&position={from}" : $"position={from}";
        return address.Uri;
    }

    private async Task<(CacheEvent? Told, int? End, byte[] Buffer)> ReceiveAsync(ClientWebSocket socket, byte[] buffer, TimeSpan silence, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(silence, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                    Array.Resize(ref buffer, 2 * length);
                var received = await socket.ReceiveAsync(buffer.AsMemory(length), either.Token).ConfigureAwait(false);
                if (received.MessageType is WebSocketMessageType.Close)
                    return (null, (int?)socket.CloseStatus ?? 0, buffer);
                length += received.Count;
                if (length > MaxMessageBytes)
                    throw new FormatException($"A message of the events protocol has at most {MaxMessageBytes} bytes.");
                if (received.EndOfMessage)
                    return (ServerMessage.Parse(buffer.AsMemory(0, length)) is { } told ? told with { Bytes = length } : null, null, buffer);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Two heartbeats of silence: whatever the network says, nobody is there.
            return (null, 0, buffer);
        }
        catch (FormatException)
        {
            return (null, Unreadable, buffer);
        }
        catch (Exception e) when (e is WebSocketException or IOException)
        {
            return (null, 0, buffer);
        }
    }
}
