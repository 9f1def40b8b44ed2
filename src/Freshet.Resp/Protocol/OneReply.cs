using System.Text;

namespace Freshet.Resp.Protocol;

/// <summary>
/// Order is all that ties a reply to its command, so no command may be sent that is not answered by exactly one reply: those of
/// subscriptions are answered by pushes, one for each channel; others not at all, or without end.
/// </summary>
internal static class OneReply
{
    /// <param name="command">The command as it was written.</param>
    /// <exception cref="InvalidOperationException">It has not exactly one reply.</exception>
    public static void Require(ReadOnlySpan<byte> command)
    {
        var name = Part(command[(command.IndexOf((byte)'\n') + 1)..], out var rest);
        var has = name.Length switch
        {
            4 => !Is(name, "SYNC"u8),
            5 => !Is(name, "PSYNC"u8) && !Is(name, "RESET"u8),
            6 => !Is(name, "CLIENT"u8) || !Is(Part(rest, out _), "REPLY"u8),
            7 => !Is(name, "MONITOR"u8),
            9 => !Is(name, "SUBSCRIBE"u8),
            10 => !Is(name, "PSUBSCRIBE"u8) && !Is(name, "SSUBSCRIBE"u8),
            11 => !Is(name, "UNSUBSCRIBE"u8),
            12 => !Is(name, "PUNSUBSCRIBE"u8) && !Is(name, "SUNSUBSCRIBE"u8),
            _ => true,
        };
        if (!has)
            throw new InvalidOperationException($"{Encoding.ASCII.GetString(name)} is not answered by exactly one reply; subscribe with SubscribeAsync.");
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) => Ascii.EqualsIgnoreCase(name, other);

    // "$3\r\nGET\r\n…", as RespWriter writes it.
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bulk, out ReadOnlySpan<byte> rest)
    {
        rest = default;
        if (bulk.IsEmpty)
            return default;
        var length = 0;
        var at = 1;
        for (; bulk[at] != '\r'; at++)
            length = (length * 10) + (bulk[at] - '0');
        rest = bulk[(at + 2 + length + 2)..];
        return bulk.Slice(at + 2, length);
    }
}
