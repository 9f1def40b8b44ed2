using System.Buffers.Text;

namespace Freshet.Resp.Protocol;

/// <summary>
/// Reads a frame that <see cref="RespScanner"/> has let through, value by value, the parts of an aggregate after it. Attributes
/// are passed over: nothing here depends on them.
/// </summary>
/// <param name="frame">The whole frame.</param>
internal ref struct RespReader(ReadOnlySpan<byte> frame)
{
    private readonly ReadOnlySpan<byte> _frame = frame;
    private int _next;

    /// <summary>The current value's type; <see cref="RespKind.Null"/> for each of the ways to say that there is none.</summary>
    public RespKind Kind { get; private set; }

    /// <summary>How many values the current aggregate holds; of a map keys and values both. 0 for anything else.</summary>
    public int Count { get; private set; }

    /// <summary>Where <see cref="Bytes"/> begin in the frame.</summary>
    public int Start { get; private set; }

    /// <summary>The bytes of the current value; of a verbatim string without its format. Empty for aggregates.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly bool IsNull => Kind is RespKind.Null;

    public readonly bool IsError => Kind is RespKind.Error or RespKind.BulkError;

    /// <summary>Goes to the next value.</summary>
    /// <returns>False at the end of the frame.</returns>
    public bool Read()
    {
        while (_next < _frame.Length)
        {
            var kind = (RespKind)_frame[_next];
            var start = _next + 1;
            var end = start + _frame[start..].IndexOf((byte)'\r');
            Kind = kind;
            Count = 0;
            Start = start;
            Bytes = _frame[start..end];
            _next = end + 2;
            switch (kind)
            {
                case RespKind.Bulk or RespKind.BulkError or RespKind.Verbatim:
                    var length = Number(Bytes);
                    if (length < 0)
                    {
                        Kind = RespKind.Null;
                        Bytes = default;
                        break;
                    }

                    var skipped = kind is RespKind.Verbatim ? 4 : 0;
                    Start = _next + skipped;
                    Bytes = _frame[Start..(_next + length)];
                    _next += length + 2;
                    break;
                case RespKind.Array or RespKind.Set or RespKind.Push or RespKind.Map or RespKind.Attribute:
                    Count = Number(Bytes);
                    Bytes = default;
                    if (Count < 0)
                        (Kind, Count) = (RespKind.Null, 0);
                    else if (kind is RespKind.Map or RespKind.Attribute)
                        Count *= 2;
                    break;
            }

            if (kind is not RespKind.Attribute)
                return true;
            Skip();
        }

        Kind = RespKind.None;
        Count = 0;
        Bytes = default;
        return false;
    }

    /// <summary>Passes over the parts of the current aggregate; nothing for anything else.</summary>
    public void Skip()
    {
        for (var left = Count; left > 0; left--)
        {
            Read();
            left += Count;
        }

        Count = 0;
    }

    /// <summary>The next value, which must be there and an integer, or a bulk that holds one.</summary>
    /// <exception cref="RespProtocolException">It is something else.</exception>
    public long ReadInt64()
    {
        if (Read() && Kind is RespKind.Integer or RespKind.Bulk or RespKind.SimpleString
            && Utf8Parser.TryParse(Bytes, out long value, out var used) && used == Bytes.Length && used > 0)
        {
            return value;
        }

        throw new RespProtocolException("The server's reply has something else where an integer belongs.");
    }

    /// <summary>The next value, which must be there and a string or null.</summary>
    /// <exception cref="RespProtocolException">It is something else.</exception>
    public ReadOnlySpan<byte> ReadBytes()
    {
        if (Read() && Kind is RespKind.Bulk or RespKind.SimpleString or RespKind.Verbatim or RespKind.Null)
            return Bytes;
        throw new RespProtocolException("The server's reply has something else where a string belongs.");
    }

    /// <summary>The next value, which must be there and an aggregate.</summary>
    /// <returns>How many values it holds.</returns>
    /// <exception cref="RespProtocolException">It is something else.</exception>
    public int ReadAggregate()
    {
        if (Read() && Kind is RespKind.Array or RespKind.Set or RespKind.Push or RespKind.Map)
            return Count;
        throw new RespProtocolException("The server's reply has something else where an array belongs.");
    }

    // The scanner has seen that it is one.
    private static int Number(ReadOnlySpan<byte> line) => Utf8Parser.TryParse(line, out int value, out _) ? value : 0;
}
