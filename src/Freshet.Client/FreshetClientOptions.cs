using System.Net.WebSockets;

namespace Freshet.Client;

/// <summary>How a program reaches the events, and how much it keeps.</summary>
public sealed class FreshetClientOptions
{
    /// <summary>
    /// The address of the events, such as <c>https://api.example/ws/cache-events</c>; http(s) or ws(s). Answers of this origin
    /// are kept, no others.
    /// </summary>
    public required Uri Events { get; init; }

    /// <summary>Gives the bearer token for the events, asked at each attempt to connect; null for none. Default: none.</summary>
    public Func<CancellationToken, ValueTask<string?>>? Token { get; init; }

    /// <summary>Changes the WebSocket's options before each attempt: cookies, proxies, certificates. Default: nothing.</summary>
    public Action<ClientWebSocketOptions>? Configure { get; init; }

    /// <summary>
    /// Told of each event, in order, after what it touches has been dropped. It must return at once and not throw. Default: nobody.
    /// </summary>
    public Action<CacheEvent>? OnEvent { get; init; }

    /// <summary>How many answers are kept. Default 10,000; 0 keeps none.</summary>
    public int MaxEntries { get; init; } = 10_000;

    /// <summary>How many bytes of answers are kept. Default 64 MiB.</summary>
    public long MaxBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Carries the connection for events; the socket's own way when null.</summary>
    internal HttpMessageInvoker? Carrier { get; init; }
}
