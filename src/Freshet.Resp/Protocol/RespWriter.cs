using System.Buffers.Text;
using System.Text;

namespace Freshet.Resp.Protocol;

/// <summary>
/// Writes one command: an array of bulk strings. It counts its parts, because a command with one too few would take the next
/// one's name for its last argument.
/// </summary>
internal ref struct RespWriter(RespOutput output)
{
    private const int MaxNumber = 20;

    // What is no Unicode would become a question mark, and two keys one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly RespOutput _output = output;
    private int _left = -1;

    /// <summary>Begins the command.</summary>
    /// <param name="parts">How many parts it has, its name included; at least one.</param>
    public void Begin(int parts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        if (_left >= 0)
            throw new InvalidOperationException("A command was begun already.");
        Header('*', parts);
        _left = parts;
    }

    /// <summary>The next part, as bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Count();
        Header('$', bytes.Length);
        var span = _output.GetSpan(bytes.Length + 2);
        bytes.CopyTo(span);
        "\r\n"u8.CopyTo(span[bytes.Length..]);
        _output.Advance(bytes.Length + 2);
    }

    /// <summary>The next part, as UTF-8.</summary>
    /// <exception cref="EncoderFallbackException">It has half a surrogate pair.</exception>
    public void Add(ReadOnlySpan<char> text)
    {
        Count();
        var length = Utf8.GetByteCount(text);
        Header('$', length);
        var span = _output.GetSpan(length + 2);
        Utf8.GetBytes(text, span);
        "\r\n"u8.CopyTo(span[length..]);
        _output.Advance(length + 2);
    }

    /// <summary>The next part, as decimal digits.</summary>
    public void Add(long number)
    {
        Span<byte> digits = stackalloc byte[MaxNumber];
        Utf8Formatter.TryFormat(number, digits, out var length);
        Count();
        Header('$', length);
        var span = _output.GetSpan(length + 2);
        digits[..length].CopyTo(span);
        "\r\n"u8.CopyTo(span[length..]);
        _output.Advance(length + 2);
    }

    /// <summary>All parts must be there.</summary>
    /// <exception cref="InvalidOperationException">The command has another number of parts than it began with.</exception>
    public readonly void End()
    {
        if (_left != 0)
            throw new InvalidOperationException("A command does not have as many parts as it said.");
    }

    private void Count()
    {
        if (_left-- <= 0)
            throw new InvalidOperationException("A command has more parts than it said.");
    }

    private readonly void Header(char kind, int number)
    {
        var span = _output.GetSpan(MaxNumber);
        span[0] = (byte)kind;
        Utf8Formatter.TryFormat(number, span[1..], out var length);
        "\r\n"u8.CopyTo(span[(length + 1)..]);
        _output.Advance(length + 3);
    }
}

/// <summary>A command that knows how to write itself; a struct, so that sending one allocates nothing.</summary>
internal interface IRespCommand
{
    void Write(ref RespWriter writer);
}

/// <summary>A command of texts, where an allocation does not matter.</summary>
internal readonly struct RespCommand(params string[] parts) : IRespCommand
{
    public void Write(ref RespWriter writer)
    {
        writer.Begin(parts.Length);
        foreach (var part in parts)
            writer.Add(part);
    }
}
