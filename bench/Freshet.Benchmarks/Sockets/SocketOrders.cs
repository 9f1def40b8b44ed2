using System.Text.Json.Serialization;

namespace Freshet.Benchmarks.Sockets;

/// <summary>What <see cref="SocketLoad"/> can be told.</summary>
[JsonDerivedType(typeof(Connect), nameof(Connect))]
[JsonDerivedType(typeof(Collect), nameof(Collect))]
[JsonDerivedType(typeof(Delays), nameof(Delays))]
internal abstract record LoadTask
{
    /// <summary>Opens the next so many sockets and waits until all of them are ready.</summary>
    /// <param name="Port">Where to, on loopback.</param>
    /// <param name="Count">How many.</param>
    /// <param name="ReaderEvery">Every so many sockets, one signs in as the one user with many; the others are users of their own.</param>
    /// <param name="MaxEvents">How many events' arrivals to keep for each socket, for <see cref="Delays"/>.</param>
    internal sealed record Connect(int Port, int Count, int ReaderEvery, int MaxEvents) : LoadTask;

    /// <summary>Waits until each of the sockets has got one message more than at the last time.</summary>
    /// <param name="OfReader">Only those of the one user; the others must get none, which is seen when all are collected next.</param>
    internal sealed record Collect(bool OfReader) : LoadTask;

    /// <summary>Waits until every socket has been told of all of these events, and says how long that took.</summary>
    /// <param name="First">The offset of the first one.</param>
    /// <param name="Appended">When each of them was appended.</param>
    internal sealed record Delays(long First, long[] Appended) : LoadTask;
}

/// <summary>What the load saw. Times are timestamps, which all processes of a machine share. With an <c>Error</c> it is void.</summary>
internal sealed record LoadReport(
    double Seconds = 0, long LastReceipt = 0, byte[]? Message = null, double MessagesPerSocket = 0, double P50 = 0, double P99 = 0, int Resyncs = 0,
    string? Error = null);

/// <summary>What <see cref="SocketServer"/> can be told.</summary>
[JsonDerivedType(typeof(Listen), nameof(Listen))]
[JsonDerivedType(typeof(Account), nameof(Account))]
[JsonDerivedType(typeof(Drain), nameof(Drain))]
[JsonDerivedType(typeof(Measure), nameof(Measure))]
[JsonDerivedType(typeof(Prepare), nameof(Prepare))]
[JsonDerivedType(typeof(Tell), nameof(Tell))]
[JsonDerivedType(typeof(Stream), nameof(Stream))]
internal abstract record ServerTask
{
    /// <summary>Starts to listen.</summary>
    internal sealed record Listen(SocketServerKind Kind) : ServerTask;

    /// <summary>Says no more than what every answer says.</summary>
    internal sealed record Account : ServerTask;

    /// <summary>Waits until nobody is connected.</summary>
    internal sealed record Drain : ServerTask;

    /// <summary>How much memory it has, after everything that can be collected was.</summary>
    internal sealed record Measure : ServerTask;

    /// <summary>What a server that makes no messages of its own is to send.</summary>
    internal sealed record Prepare(byte[] Message) : ServerTask;

    /// <summary>Tells all, or the one user's sockets.</summary>
    internal sealed record Tell(bool Reader) : ServerTask;

    /// <summary>Appends so many events a second, for so long.</summary>
    internal sealed record Stream(int PerSecond, double Seconds) : ServerTask;
}

internal enum SocketServerKind : byte
{
    Bare,
    SignedIn,
    Freshet,
}

/// <summary>What a server answers. <paramref name="Processor"/> is what its process has used so far, in seconds.</summary>
internal sealed record ServerReport(
    double Processor, int Port = 0, long WorkingSet = 0, long Managed = 0, long Called = 0, long Returned = 0, long First = 0, long[]? Appended = null);
