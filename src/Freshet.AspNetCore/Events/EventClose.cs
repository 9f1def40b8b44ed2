namespace Freshet.AspNetCore.Events;

/// <summary>Why the server ends a connection, as a WebSocket close frame says it (RFC 6455 §7.4). An event stream just ends.</summary>
/// <param name="Code">The close code; from 4000 on it is Freshet's own.</param>
/// <param name="Reason">For people; at most 123 bytes, never anything that the client sent but a name it asked for.</param>
internal sealed record EventClose(int Code, string Reason)
{
    public static EventClose GoingAway { get; } = new(1001, "the server is going away");

    public static EventClose Binary { get; } = new(1003, "messages are text");

    public static EventClose Malformed { get; } = new(1007, "not a JSON object in UTF-8");

    public static EventClose TooBig { get; } = new(1009, "a message has at most 4096 bytes");

    public static EventClose TooMany { get; } = new(1008, "at most 20 messages in 10 s");

    public static EventClose TooSlow { get; } = new(1008, "a message comes whole within 10 s");

    /// <summary>Its client connects again, as after any other end.</summary>
    public static EventClose Fault { get; } = new(1011, "the server could not go on");

    public static EventClose Expired { get; } = new(4401, "token expired");

    public static EventClose RightsChanged { get; } = new(4403, "rights changed");

    /// <summary>Whoever comes back has its rights looked at anew.</summary>
    public static EventClose RightsInDoubt { get; } = new(4401, "rights changed meanwhile: connect again");

    public static EventClose Policy(string reason) => new(1008, reason);
}
