using System.Buffers.Binary;
using System.Buffers.Text;

namespace Freshet.Client;

/// <summary>The latest place that is known of each log, in each of its epochs (docs/protocols/events.md, E1). Immutable.</summary>
internal sealed class ClientPosition
{
    /// <summary>In how many logs beside its own and the public one a client may have written (C10).</summary>
    public const int MaxOtherLogs = 8;

    private const int MaxTokens = 24;
    private const int MaxOtherTokens = 16;
    private const int PlainBytes = 42;
    private const int MaxBytes = PlainBytes + 64;
    private const int PlainChars = 56;
    private const int MaxChars = 142;

    // A field that was sent twice arrives as one text, joined by commas.
    private static readonly char[] Separators = ['.', ',', ' '];

    // Of more the one that was heard of first is forgotten.
    private const int MaxEpochs = 3;
    private readonly Token[] _own;
    private readonly Token[] _public;
    private readonly Token[] _others; // together what is of one log; the log that was heard of last at the end

    private ClientPosition(Token[] own, Token[] shared, Token[] others)
    {
        _own = own;
        _public = shared;
        _others = others;
    }

    public static ClientPosition Nowhere { get; } = new([], [], []);

    public bool IsNowhere => _own.Length == 0 && _public.Length == 0 && _others.Length == 0;

    /// <summary>For how many more logs there is room beside these and those of others, which may be named again (C10).</summary>
    public int RoomBeside(IEnumerable<ClientPosition> others) =>
        Math.Max(0, MaxOtherLogs - others.Append(this).SelectMany(p => p._others).Select(t => t.Log).Distinct(StringComparer.Ordinal).Count());

    /// <summary>Reads at most 24 tokens; what is no token is passed over.</summary>
    public static ClientPosition Parse(string? text)
    {
        var position = Nowhere;
        foreach (var token in (text ?? "").Split(Separators, MaxTokens + 1, StringSplitOptions.RemoveEmptyEntries).Take(MaxTokens))
            position = position.Then(ParseToken(token));
        return position;
    }

    /// <summary>Of each log and epoch the later place.</summary>
    public ClientPosition Then(ClientPosition received) =>
        new(Later(_own, received._own), Later(_public, received._public), LaterOthers(_others, received._others));

    /// <summary>
    /// Without what a request has carried of other logs and the position of its answer no longer names: the server knows that it shows
    /// everywhere (C10). What was heard of meanwhile stays.
    /// </summary>
    public ClientPosition Without(ClientPosition carried, ClientPosition named) => named.IsNowhere
        ? this
        : new(_own, _public, Array.FindAll(_others, t => named.Names(t) || !Array.Exists(carried._others, c => c.IsOf(t) && c.Offset >= t.Offset)));

    /// <summary>Whether what is told by then is not after this place: of each log that it names, in the same epoch. Nowhere is after every place.</summary>
    public bool Covers(ClientPosition told) =>
        !told.IsNowhere && Covers(_own, told._own) && Covers(_public, told._public) && Covers(_others, told._others);

    /// <summary>The text form; empty for nowhere.</summary>
    public override string ToString() => string.Join('.', _own.Concat(_public).Concat(_others).Select(t => t.Text));

    private static ClientPosition ParseToken(string text)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        if (text.Length is < PlainChars or > MaxChars
            || Base64Url.DecodeFromChars(text, bytes, out _, out var length) is not System.Buffers.OperationStatus.Done
            || bytes[0] != 2 || bytes[1] > 2 || !IsNameLength(bytes[1], length - PlainBytes))
        {
            return Nowhere;
        }

        // One log has always one sealed name.
        var token = new Token(text, text[PlainChars..], BinaryPrimitives.ReadUInt128LittleEndian(bytes[2..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[18..]));
        return bytes[1] switch
        {
            0 => new ClientPosition([token], [], []),
            1 => new ClientPosition([], [token], []),
            _ => new ClientPosition([], [], [token]),
        };
    }

    private static bool IsNameLength(byte kind, int length) => kind < 2 ? length == 0 : length is 32 or 48 or 64;

    private static Token[] Later(Token[] known, Token[] received)
    {
        foreach (var token in received)
        {
            var at = Array.FindIndex(known, k => k.IsOf(token));
            if (at < 0)
                known = [.. known.TakeLast(MaxEpochs - 1), token];
            else if (known[at].Offset <= token.Offset)
                known = [.. known[..at], token, .. known[(at + 1)..]];
        }

        return known;
    }

    private static Token[] LaterOthers(Token[] known, Token[] received)
    {
        foreach (var log in received.GroupBy(t => t.Log, StringComparer.Ordinal))
        {
            var all = Later(Array.FindAll(known, t => t.Log == log.Key), [.. log]);
            known = [.. known.Where(t => t.Log != log.Key), .. all];
        }

        // C10: whoever has no room says so, and the server waits until what it cannot tell shows. It is never more but by failovers.
        while (known.Length > MaxOtherTokens || known.Select(t => t.Log).Distinct(StringComparer.Ordinal).Count() > MaxOtherLogs)
            known = Array.FindAll(known, t => t.Log != known[0].Log);
        return known;
    }

    private static bool Covers(Token[] place, Token[] told) => Array.TrueForAll(told, t => Array.Exists(place, p => p.IsOf(t) && p.Offset >= t.Offset));

    private bool Names(Token token) => Array.Exists(_others, t => t.IsOf(token));

    // The log's sealed name, which is empty for the client's own and for the public one.
    private sealed record Token(string Text, string Log, UInt128 Epoch, ulong Offset)
    {
        public bool IsOf(Token other) => Epoch == other.Epoch && Log == other.Log;
    }
}
