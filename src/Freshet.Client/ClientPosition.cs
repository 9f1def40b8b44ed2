using System.Buffers.Binary;
using System.Buffers.Text;

namespace Freshet.Client;

/// <summary>The latest place that is known of each log, in each of its epochs (docs/protocols/events.md, E1). Immutable.</summary>
internal sealed class ClientPosition
{
    private const int MaxTokens = 8;
    private const int TokenChars = 56;

    // Of more the one that was heard of first is forgotten.
    private const int MaxEpochs = 3;
    private readonly Token[] _own;
    private readonly Token[] _public;

    private ClientPosition(Token[] own, Token[] shared)
    {
        _own = own;
        _public = shared;
    }

    public static ClientPosition Nowhere { get; } = new([], []);

    public bool IsNowhere => _own.Length == 0 && _public.Length == 0;

    /// <summary>Reads at most eight tokens; what is no token is passed over.</summary>
    public static ClientPosition Parse(string? text)
    {
        var position = Nowhere;
        foreach (var token in (text ?? "").Split('.', MaxTokens + 1).Take(MaxTokens))
            position = position.Then(ParseToken(token));
        return position;
    }

    /// <summary>Of each log and epoch the later place.</summary>
    public ClientPosition Then(ClientPosition received) => new(Later(_own, received._own), Later(_public, received._public));

    /// <summary>Whether what is told by then is not after this place: of each log that it names, in the same epoch. Nowhere is after every place.</summary>
    public bool Covers(ClientPosition told) => !told.IsNowhere && Covers(_own, told._own) && Covers(_public, told._public);

    /// <summary>The text form; empty for nowhere.</summary>
    public override string ToString() => string.Join('.', _own.Concat(_public).Select(t => t.Text));

    private static ClientPosition ParseToken(string text)
    {
        Span<byte> bytes = stackalloc byte[42];
        if (text.Length != TokenChars
            || Base64Url.DecodeFromChars(text, bytes, out _, out var length) is not System.Buffers.OperationStatus.Done || length != bytes.Length
            || bytes[0] != 2 || bytes[1] > 1)
        {
            return Nowhere;
        }

        var token = new Token(text, BinaryPrimitives.ReadUInt128LittleEndian(bytes[2..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[18..]));
        return bytes[1] == 0 ? new ClientPosition([token], []) : new ClientPosition([], [token]);
    }

    private static Token[] Later(Token[] known, Token[] received)
    {
        foreach (var token in received)
        {
            var at = Array.FindIndex(known, k => k.Epoch == token.Epoch);
            if (at < 0)
                known = [.. known.TakeLast(MaxEpochs - 1), token];
            else if (known[at].Offset <= token.Offset)
                known = [.. known[..at], token, .. known[(at + 1)..]];
        }

        return known;
    }

    private static bool Covers(Token[] place, Token[] told) => Array.TrueForAll(told, t => Array.Exists(place, p => p.Epoch == t.Epoch && p.Offset >= t.Offset));

    private sealed record Token(string Text, UInt128 Epoch, ulong Offset);
}
