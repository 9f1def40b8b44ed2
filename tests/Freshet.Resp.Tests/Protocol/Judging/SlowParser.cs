using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol.Judging;

internal enum Verdict
{
    Complete,
    Incomplete,
    Malformed,
}

/// <summary>What the judge says of some bytes: of their first frame.</summary>
internal sealed record Judgement(Verdict Verdict, int Length = 0, RespValue? Value = null);

/// <summary>
/// RESP3 once more, straight from its specification: recursive, on strings, from the beginning each time. It shares no code with
/// what it judges.
/// </summary>
internal sealed partial class SlowParser
{
    private readonly string _text;
    private readonly RespLimits _limits;
    private int _at;
    private int _elements;

    private SlowParser(string text, RespLimits limits)
    {
        _text = text;
        _limits = limits;
    }

    public static Judgement Judge(ReadOnlySpan<byte> bytes, RespLimits limits)
    {
        var parser = new SlowParser(Encoding.Latin1.GetString(bytes), limits);
        try
        {
            var value = parser.Value(depth: 0);
            return new Judgement(Verdict.Complete, parser._at, value);
        }
        catch (EndOfStreamException)
        {
            // One byte more at least will come, and then it is too long.
            return new Judgement(bytes.Length >= limits.MaxFrameBytes ? Verdict.Malformed : Verdict.Incomplete);
        }
        catch (InvalidDataException)
        {
            return new Judgement(Verdict.Malformed);
        }
    }

    private RespValue Value(int depth)
    {
        while (true)
        {
            var kind = Peek();
            Must("+-:$*_,#!=(%~>|".Contains(kind, StringComparison.Ordinal));
            var line = Line();
            switch (kind)
            {
                case '+' or '-':
                    return Simple(kind, line);
                case ':':
                    Must(Integer().IsMatch(line) && long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));
                    return Simple(kind, line);
                case '(':
                    Must(Integer().IsMatch(line));
                    return Simple(kind, line);
                case ',':
                    Must(Double().IsMatch(line));
                    return Simple(kind, line);
                case '#':
                    Must(line is "t" or "f");
                    return Simple(kind, line);
                case '_':
                    Must(line.Length == 0);
                    return Simple(kind, line);
                case '$' or '!' or '=':
                    return line == "-1" && kind == '$' ? Simple('_', "") : Bulk(kind, Length(line));
                case '*' when line == "-1":
                    return Simple('_', "");
                case '|':
                    Count();
                    var said = 2L * Length(line);
                    Must(said <= _limits.MaxElements);
                    Must(said == 0 || depth < _limits.MaxDepth);
                    for (var i = 0; i < said; i++)
                        Value(depth + 1);
                    continue;
                default:
                    return Aggregate(kind, Length(line), depth);
            }
        }
    }

    private RespValue Simple(char kind, string text)
    {
        Count();
        return new RespValue((RespKind)kind, text);
    }

    private RespValue Bulk(char kind, int length)
    {
        Must(_at + (long)length + 2 <= _limits.MaxFrameBytes);
        if (_text.Length < _at + length + 2)
            throw new EndOfStreamException();
        var bytes = _text.Substring(_at, length);
        Must(_text.Substring(_at + length, 2) == "\r\n");
        _at += length + 2;
        Must(kind != '=' || (length >= 4 && bytes[3] == ':'));
        Count();
        return new RespValue((RespKind)kind, kind == '=' ? bytes[4..] : bytes);
    }

    private RespValue Aggregate(char kind, int length, int depth)
    {
        Must(kind != '>' || (depth == 0 && length > 0));
        Count();
        var count = kind == '%' ? 2L * length : length;
        Must(count <= _limits.MaxElements);
        Must(count == 0 || depth < _limits.MaxDepth);
        var parts = new List<RespValue>();
        for (var i = 0; i < count; i++)
            parts.Add(Value(depth + 1));
        return new RespValue((RespKind)kind, "", parts);
    }

    private char Peek() => _at < _text.Length ? _text[_at] : throw new EndOfStreamException();

    private string Line()
    {
        var end = _text.IndexOfAny(['\r', '\n'], _at + 1);
        Must((end < 0 ? _text.Length : end) - _at <= _limits.MaxLineBytes);
        if (end < 0)
            throw new EndOfStreamException();
        Must(_text[end] == '\r');
        if (end + 1 == _text.Length)
            throw new EndOfStreamException();
        Must(_text[end + 1] == '\n');
        var line = _text[(_at + 1)..end];
        _at = end + 2;
        Must(_at <= _limits.MaxFrameBytes);
        return line;
    }

    private int Length(string line)
    {
        Must(LengthLine().IsMatch(line));
        var length = long.Parse(line, CultureInfo.InvariantCulture);
        Must(length <= _limits.MaxFrameBytes);
        return (int)length;
    }

    private void Count() => Must(++_elements <= _limits.MaxElements);

    private static void Must(bool holds)
    {
        if (!holds)
            throw new InvalidDataException();
    }

    [GeneratedRegex(@"^[+-]?[0-9]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Integer();

    // ",[<+|->]<integral>[.<fractional>][<E|e>[sign]<exponent>]"; Redis before 7.2 also says -nan.
    [GeneratedRegex(@"^([+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|-?inf|-?nan)\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Double();

    // One way to write it: no sign, no leading zero.
    [GeneratedRegex(@"^(0|[1-9][0-9]{0,9})\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex LengthLine();
}
