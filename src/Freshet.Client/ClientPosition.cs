using System.Buffers.Binary;
using System.Buffers.Text;

namespace Freshet.Client;

/// <summary>The latest place that is known of each log (docs/protocols/events.md, E1). Immutable.</summary>
internal sealed record ClientPosition
{
    private const int MaxTokens = 8;
    private const int TokenChars = 56;
    private readonly Token? _own;
    private readonly Token? _public;

    private ClientPosition(Token? own, Token? shared)
    {
        _own = own;
        _public = shared;
    }

    public static ClientPosition Nowhere { get; } = new(null, null);

    public bool IsNowhere => _own is null && _public is null;

    /// <summary>Reads at most eight tokens; what is no token is passed over.</summary>
    public static ClientPosition Parse(string? text)
    {
        var position = Nowhere;
        foreach (var token in (text ?? "").Split('.', MaxTokens + 1).Take(MaxTokens))
            position = position.Then(ParseToken(token));
        return position;
    }

    /// <summary>Of each log the later place: of one epoch the higher offset, of two epochs the received one.</summary>
    public ClientPosition Then(ClientPosition received) => new(Later(_own, received._own), Later(_public, received._public));

    /// <summary>Whether what is told by then is not after this place: of each log that it names, in the same epoch. Nowhere is after every place.</summary>
    public bool Covers(ClientPosition told) => !told.IsNowhere && Covers(_own, told._own) && Covers(_public, told._public);

    /// <summary>The text form; empty for nowhere.</summary>
    public override string ToString() => string.Join('.', new[] { _own?.Text, _public?.Text }.OfType<string>());

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
        return bytes[1] == 0 ? new ClientPosition(token, null) : new ClientPosition(null, token);
    }

    private static Token? Later(Token? known, Token? received) =>
        received is null || (known is not null && known.Epoch == received.Epoch && known.Offset > received.Offset) ? known : received;

    private static bool Covers(Token? place, Token? told) =>
        told is null || (place is not null && place.Epoch == told.Epoch && place.Offset >= told.Offset);

    private sealed record Token(string Text, UInt128 Epoch, ulong Offset);
}
