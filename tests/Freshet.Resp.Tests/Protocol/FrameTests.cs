using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol;

/// <summary>Every type, wherever the network cuts it.</summary>
public sealed class FrameTests
{
    public static TheoryData<string, string> Frames() => new()
    {
        { "+OK\r\n", "+OK" },
        { "+\r\n", "+" },
        { "-ERR wrong\r\n", "-ERR wrong" },
        { ":0\r\n", ":0" },
        { ":-42\r\n", ":-42" },
        { ":+7\r\n", ":+7" },
        { ":9223372036854775807\r\n", ":9223372036854775807" },
        { ":-9223372036854775808\r\n", ":-9223372036854775808" },
        { ":00000000000000000000000001\r\n", ":00000000000000000000000001" },
        { "$0\r\n\r\n", "$" },
        { "$5\r\nhello\r\n", "$hello" },
        { "$2\r\n\r\n\r\n", "$\r\n" },
        { "$7\r\n+OK\r\n:1\r\n", "$+OK\r\n:1" },
        { "$3\r\n\0\xff\n\r\n", "$\0\xff\n" },
        { "$-1\r\n", "_" },
        { "*-1\r\n", "_" },
        { "_\r\n", "_" },
        { "#t\r\n", "#t" },
        { "#f\r\n", "#f" },
        { ",1.5\r\n", ",1.5" },
        { ",-10\r\n", ",-10" },
        { ",+1.25E-7\r\n", ",+1.25E-7" },
        { ",1e+300\r\n", ",1e+300" },
        { ",0.1000000000000000055511151231257827021181583404541015625000000000000000\r\n", ",0.1000000000000000055511151231257827021181583404541015625000000000000000" },
        { ",inf\r\n", ",inf" },
        { ",-inf\r\n", ",-inf" },
        { ",nan\r\n", ",nan" },
        { ",-nan\r\n", ",-nan" },
        { "(3492890328409238509324850943850943825024385\r\n", "(3492890328409238509324850943850943825024385" },
        { "(-1\r\n", "(-1" },
        { "!21\r\nSYNTAX invalid syntax\r\n", "!SYNTAX invalid syntax" },
        { "=15\r\ntxt:Some string\r\n", "=Some string" },
        { "=4\r\nmkd:\r\n", "=" },
        { "*0\r\n", "*[]" },
        { "*3\r\n:1\r\n$1\r\na\r\n_\r\n", "*[:1 $a _]" },
        { "*2\r\n*1\r\n*0\r\n*2\r\n+a\r\n-b\r\n", "*[*[*[]] *[+a -b]]" },
        { "%0\r\n", "%[]" },
        { "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", "%[+a :1 +b *[:2]]" },
        { "~2\r\n#t\r\n%1\r\n:1\r\n:2\r\n", "~[#t %[:1 :2]]" },
        { ">3\r\n+message\r\n$1\r\nc\r\n$2\r\nhi\r\n", ">[+message $c $hi]" },
        { "|1\r\n+ttl\r\n:3600\r\n$1\r\na\r\n", "$a" },
        { "|0\r\n$1\r\na\r\n", "$a" },
        { "|1\r\n+a\r\n%1\r\n$1\r\nx\r\n,0.5\r\n*2\r\n:1\r\n:2\r\n", "*[:1 :2]" },
        { "|1\r\n+a\r\n:1\r\n|1\r\n+b\r\n:2\r\n+twice\r\n", "+twice" },
        { "|1\r\n+a\r\n|1\r\n+b\r\n:2\r\n:1\r\n+inside\r\n", "+inside" },
        { "|1\r\n+a\r\n:1\r\n>1\r\n+push\r\n", ">[+push]" },
        { "*3\r\n|1\r\n+a\r\n:1\r\n:1\r\n:2\r\n|1\r\n+z\r\n*2\r\n:8\r\n:9\r\n:3\r\n", "*[:1 :2 :3]" },
        { "*1\r\n|0\r\n|0\r\n*0\r\n", "*[*[]]" },
        { "%1\r\n|1\r\n+k\r\n+v\r\n+key\r\n|1\r\n+k\r\n+v\r\n+value\r\n", "%[+key +value]" },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void Frame_ReadsTheSame_Whole_Padded_CutAtEveryByte_AndByteByByte(string literal, string value)
    {
        var frame = Wire.Bytes(literal);
        int[] whole = [frame.Length];
        Assert.Equal(whole, Wire.Scan(frame, whole));
        Assert.Equal(value, Wire.Read(frame).ToString());

        for (var cut = 1; cut < frame.Length; cut++)
            Assert.Equal(whole, Wire.Scan(frame, [cut, frame.Length]));
        Assert.Equal(whole, Wire.Scan(frame, Enumerable.Range(1, frame.Length)));

        // Padded by what comes next: it is not looked at, and it is found afterwards, in the same ways.
        byte[] two = [.. frame, .. frame, .. "+"u8];
        int[] both = [frame.Length, frame.Length];
        Assert.Equal(both, Wire.Scan(two, [two.Length]));
        for (var cut = 1; cut < two.Length; cut++)
            Assert.Equal(both, Wire.Scan(two, [cut, two.Length]));
        Assert.Equal(both, Wire.Scan(two, Enumerable.Range(1, two.Length)));
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void PartOfAFrame_IsNeverAFrame_AndNeedsNoMoreThanThereIs(string literal, string value)
    {
        Assert.NotEmpty(value);
        var frame = Wire.Bytes(literal);
        for (var cut = 0; cut < frame.Length; cut++)
        {
            var scanner = new RespScanner(RespLimits.Default);
            Assert.False(scanner.TryScan(frame.AsSpan(0, cut), out var needed));
            Assert.InRange(needed, cut + 1, frame.Length);
        }
    }

    [Fact]
    public void BulkWhoseLengthIsKnown_SaysHowMuchItNeeds()
    {
        var scanner = new RespScanner(RespLimits.Default);
        Assert.False(scanner.TryScan("*2\r\n:1\r\n$1000\r\nab"u8, out var needed));
        Assert.Equal(15 + 1000 + 2, needed);
    }

    [Fact]
    public void FrameOfManyPieces_IsLookedAtOnce()
    {
        // A megabyte in pieces of seven bytes: quadratic work would take minutes.
        var frame = Wire.Bytes("*100000\r\n" + string.Concat(Enumerable.Repeat("$5\r\nhello\r\n", 100_000)));
        Assert.Equal([frame.Length], Wire.Scan(frame, Enumerable.Range(0, (frame.Length / 7) + 1).Select(i => Math.Min(7 * (i + 1), frame.Length))));

        var line = Wire.Bytes("+" + new string('x', 60_000) + "\r\n");
        Assert.Equal([line.Length], Wire.Scan(line, Enumerable.Range(1, line.Length)));
    }
}
