using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace Freshet.Resp.Protocol;

/// <summary>
/// Finds the end of a frame and checks it while its bytes come in: each byte is looked at once, wherever the network has cut.
/// What it has let through, <see cref="RespReader"/> reads without checking again.
/// </summary>
/// <remarks>A mutable struct of one connection's read loop; not thread-safe.</remarks>
internal struct RespScanner(RespLimits limits)
{
    /// <summary>The deepest nesting that fits: Redis itself nests four deep at most (CLUSTER SHARDS).</summary>
    public const int DeepestStack = 16;

    // The types' bytes, as bits: those below 64, and the others.
    private const ulong LowKinds = (1UL << '+') | (1UL << '-') | (1UL << ':') | (1UL << '$') | (1UL << '*') | (1UL << ',') | (1UL << '#')
        | (1UL << '!') | (1UL << '=') | (1UL << '(') | (1UL << '%') | (1UL << '>');

    private const ulong HighKinds = (1UL << ('_' - 64)) | (1UL << ('~' - 64)) | (1UL << ('|' - 64));

    private const byte TlsAlert = 0x15;

    private Stack _left; // values still to come, for each open aggregate
    private uint _attributes; // which of them are attributes: they precede a value and are none themselves
    private int _depth;
    private int _elements;
    private int _at; // everything before it is understood
    private int _searched; // and up to here there is no end of line

    /// <summary>Goes on with the frame.</summary>
    /// <param name="data">What there is of the frame, from its first byte; what was there at the last call, and more.</param>
    /// <param name="needed">How many bytes it has at least, as far as can be told: all of it when it is complete.</param>
    /// <returns>Whether the frame is complete; then the scanner is ready for the next one.</returns>
    /// <exception cref="RespProtocolException">It is malformed, or exceeds a limit.</exception>
    public bool TryScan(ReadOnlySpan<byte> data, out int needed)
    {
        while (true)
        {
            if (!TryLine(data, out var line, out var next))
            {
                needed = Math.Max(data.Length, _at) + 1;
                Check(needed <= limits.MaxFrameBytes, "the frame exceeds MaxFrameBytes");
                return false;
            }

            var kind = (RespKind)data[_at];
            var children = 0;
            if (kind is RespKind.Bulk or RespKind.BulkError or RespKind.Verbatim)
            {
                var length = Length(line, mayBeNull: kind is RespKind.Bulk);
                if (length >= 0)
                {
                    Check(length <= limits.MaxFrameBytes - next - 2, "the frame exceeds MaxFrameBytes");
                    var end = next + length;
                    if (data.Length < end + 2)
                    {
                        needed = end + 2;
                        return false;
                    }

                    Check(data[end] == '\r' && data[end + 1] == '\n', "no end of line after a bulk");
                    Check(kind is not RespKind.Verbatim || (length >= 4 && data[next + 3] == ':'), "a verbatim string without its format");
                    next = end + 2;
                }
            }
            else
            {
                children = Children(kind, line);
            }

            Check(++_elements <= limits.MaxElements, "the frame exceeds MaxElements");
            _at = _searched = next;
            if (children > 0 || kind is RespKind.Attribute)
                Open(children, kind is RespKind.Attribute);
            else if (Close())
            {
                needed = _at;
                this = new RespScanner(limits);
                return true;
            }
        }
    }

    // The line after the type's byte, and where the next one begins.
    private bool TryLine(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> line, out int next)
    {
        line = default;
        next = 0;
        if (_at >= data.Length)
            return false;
        // At once: who speaks something else may never end a line.
        CheckKind(data[_at]);
        var from = Math.Max(_searched, _at + 1);
        var length = from < data.Length ? data[from..].IndexOfAny((byte)'\r', (byte)'\n') : -1;
        if (length < 0)
        {
            _searched = data.Length;
            Check(data.Length - _at <= limits.MaxLineBytes, "a line exceeds MaxLineBytes");
            return false;
        }

        var end = from + length;
        Check(end - _at <= limits.MaxLineBytes, "a line exceeds MaxLineBytes");
        Check(data[end] == '\r', "a line does not end in CR LF");
        _searched = end;
        if (end + 1 >= data.Length)
            return false;
        Check(data[end + 1] == '\n', "a line does not end in CR LF");
        line = data[(_at + 1)..end];
        next = end + 2;
        Check(next <= limits.MaxFrameBytes, "the frame exceeds MaxFrameBytes");
        return true;
    }

    /// <returns>How many values the aggregate holds; 0 for anything else.</returns>
    private readonly int Children(RespKind kind, ReadOnlySpan<byte> line)
    {
        switch (kind)
        {
            case RespKind.SimpleString or RespKind.Error:
                return 0;
            case RespKind.Integer:
                Check(IsInteger(line) && Utf8Parser.TryParse(line, out long _, out var used) && used == line.Length, "not an integer");
                return 0;
            case RespKind.BigNumber:
                Check(IsInteger(line), "not a big number");
                return 0;
            case RespKind.Null:
                Check(line.IsEmpty, "not a null");
                return 0;
            case RespKind.Boolean:
                Check(line is [(byte)'t' or (byte)'f'], "not a boolean");
                return 0;
            case RespKind.Double:
                Check(IsDouble(line), "not a double");
                return 0;
            case RespKind.Array:
                return Math.Max(0, Values(Length(line, mayBeNull: true)));
            case RespKind.Set:
                return Values(Length(line, mayBeNull: false));
            case RespKind.Push:
                // A push stands between replies, never inside one, and says first what it is.
                Check(_depth == 0, "a push inside another value");
                var count = Values(Length(line, mayBeNull: false));
                Check(count > 0, "an empty push");
                return count;
            case RespKind.Map or RespKind.Attribute:
                return Values(2L * Length(line, mayBeNull: false));
            default:
                throw new InvalidOperationException("Not a type that stands on a line."); // CheckKind knows them all
        }
    }

    private void Open(int children, bool isAttribute)
    {
        if (children == 0)
            return; // an attribute that says nothing: its value comes next
        Check(_depth < Math.Min(limits.MaxDepth, DeepestStack), "the frame exceeds MaxDepth");
        _left[_depth] = children;
        _attributes = isAttribute ? _attributes | (1u << _depth) : _attributes & ~(1u << _depth);
        _depth++;
    }

    // A value has ended, and with it perhaps those around it.
    private bool Close()
    {
        while (_depth > 0)
        {
            if (--_left[_depth - 1] > 0)
                return false;
            _depth--;
            if ((_attributes & (1u << _depth)) != 0)
                return false; // the value that it belongs to comes next
        }

        return true;
    }

    // Each of them counts at least once, so more of them can never come.
    private readonly int Values(long count)
    {
        Check(count <= limits.MaxElements, "the frame exceeds MaxElements");
        return (int)count;
    }

    // The server writes lengths in one way: no sign, no leading zero.
    private readonly int Length(ReadOnlySpan<byte> line, bool mayBeNull)
    {
        if (mayBeNull && line.SequenceEqual("-1"u8))
            return -1;
        var isLength = line.Length is > 0 and <= 10 && (line[0] != '0' || line.Length == 1);
        long value = 0;
        foreach (var digit in line)
        {
            isLength &= (uint)(digit - '0') <= 9;
            value = (value * 10) + (digit - '0');
            if (!isLength)
                break;
        }

        Check(isLength, "not a length");
        Check(value <= limits.MaxFrameBytes, "the frame exceeds MaxFrameBytes");
        return (int)value;
    }

    private static bool IsInteger(ReadOnlySpan<byte> line) => Digits(line, Sign(line)) is var end && end == line.Length && end > Sign(line);

    // ",[+|-]<integral>[.<fractional>][E|e[+|-]<exponent>]", and what stands for no number. Redis before 7.2 also says -nan.
    private static bool IsDouble(ReadOnlySpan<byte> line)
    {
        if (line.SequenceEqual("inf"u8) || line.SequenceEqual("-inf"u8) || line.SequenceEqual("nan"u8) || line.SequenceEqual("-nan"u8))
            return true;
        var start = Sign(line);
        var end = Digits(line, start);
        var isDouble = end > start;
        if (end < line.Length && line[end] == '.')
        {
            start = end + 1;
            end = Digits(line, start);
            isDouble &= end > start;
        }

        if (end < line.Length && line[end] is (byte)'e' or (byte)'E')
        {
            start = end + 1 + Sign(line[(end + 1)..]);
            end = Digits(line, start);
            isDouble &= end > start;
        }

        return isDouble && end == line.Length;
    }

    private static int Sign(ReadOnlySpan<byte> line) => line is [(byte)'-' or (byte)'+', ..] ? 1 : 0;

    /// <returns>Where the digits that begin there end.</returns>
    private static int Digits(ReadOnlySpan<byte> line, int from)
    {
        var length = line[from..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return length < 0 ? line.Length : from + length;
    }

    private static void CheckKind(byte kind)
    {
        if (((kind < 64 ? LowKinds >> kind : kind < 128 ? HighKinds >> (kind - 64) : 0) & 1) != 0)
            return;
        Throw(kind is TlsAlert
            ? "it speaks TLS, and the address does not ask for it (rediss:// or ssl=true)"
            : "a value of an unknown type");
    }

    private static void Check(bool holds, string what)
    {
        if (!holds)
            Throw(what);
    }

    private static void Throw(string what) => throw new RespProtocolException($"The server sent no valid RESP: {what}.");

    [InlineArray(DeepestStack)]
    private struct Stack
    {
        private int _first;
    }
}
