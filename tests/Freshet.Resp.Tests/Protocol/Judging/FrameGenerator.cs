using System.Globalization;
using System.Text;

namespace Freshet.Resp.Tests.Protocol.Judging;

/// <summary>Random frames of every type, and ways to spoil them.</summary>
internal sealed class FrameGenerator(Random random)
{
    private const string Scraps = "+-:$*_,#!=(%~>|\r\n\r\n0123456789-1.eEtfinfa\0\xff";

    public byte[] Frame()
    {
        var text = new StringBuilder();
        Value(text, depth: 0);
        return Encoding.Latin1.GetBytes(text.ToString());
    }

    /// <summary>Flips, drops, repeats, or puts in a few bytes.</summary>
    public byte[] Spoil(byte[] frame)
    {
        var bytes = frame.ToList();
        for (var left = random.Next(1, 4); left > 0 && bytes.Count > 0; left--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = Scrap();
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 4)));
                    break;
                case 3:
                    bytes.Insert(at, Scrap());
                    break;
                case 4:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(1, 20))));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }

    private byte Scrap() => (byte)Scraps[random.Next(Scraps.Length)];

    private void Value(StringBuilder text, int depth)
    {
        while (random.Next(12) == 0)
            Aggregate(text, '|', 2, depth);
        var kinds = depth < 5 ? "+-:$_,#!=(*~%*%$$::>" : "+-:$_,#!=(";
        var kind = kinds[random.Next(kinds.Length)];
        switch (kind)
        {
            case '+' or '-':
                Line(text, kind, Word(0, 30, c => c is not ('\r' or '\n')));
                break;
            case ':':
                Line(text, kind, random.Next(3) == 0 ? random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture) : Digits(1, 4));
                break;
            case '(':
                Line(text, kind, (random.Next(2) == 0 ? "-" : "") + Digits(1, 40));
                break;
            case ',':
                Line(text, kind, (random.Next(6)) switch
                {
                    0 => "inf",
                    1 => "-inf",
                    2 => "nan",
                    3 => Digits(1, 5),
                    4 => "-" + Digits(1, 5) + "." + Digits(1, 12),
                    _ => Digits(1, 3) + "." + Digits(1, 3) + "e-" + Digits(1, 3),
                });
                break;
            case '#':
                Line(text, kind, random.Next(2) == 0 ? "t" : "f");
                break;
            case '_':
                text.Append(random.Next(3) switch { 0 => "_\r\n", 1 => "$-1\r\n", _ => "*-1\r\n" });
                break;
            case '$' or '!':
                Bulk(text, kind, Word(0, random.Next(20) == 0 ? 400 : 12, _ => true));
                break;
            case '=':
                Bulk(text, kind, "txt:" + Word(0, 12, _ => true));
                break;
            case '>' when depth > 0:
                Line(text, ':', "1");
                break;
            default:
                Aggregate(text, kind, kind == '%' ? 2 : 1, depth);
                break;
        }
    }

    private void Aggregate(StringBuilder text, char kind, int each, int depth)
    {
        var count = random.Next(kind == '>' ? 1 : 0, 4);
        Line(text, kind, count.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < count * each; i++)
            Value(text, depth + 1);
    }

    private static void Line(StringBuilder text, char kind, string line) => text.Append(kind).Append(line).Append("\r\n");

    private static void Bulk(StringBuilder text, char kind, string bytes) =>
        text.Append(kind).Append(bytes.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n").Append(bytes).Append("\r\n");

    private string Digits(int least, int most) => Word(least, most, c => c is >= '0' and <= '9');

    private string Word(int least, int most, Func<char, bool> fits)
    {
        var word = new StringBuilder();
        for (var left = random.Next(least, most + 1); left > 0;)
        {
            // Mostly what means something to the protocol, for that is what confuses a parser.
            var c = random.Next(3) == 0 ? (char)random.Next(256) : Scraps[random.Next(Scraps.Length)];
            if (!fits(c))
                continue;
            word.Append(c);
            left--;
        }

        return word.ToString();
    }
}
