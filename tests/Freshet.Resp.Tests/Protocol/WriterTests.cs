using System.Globalization;
using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol;

public sealed class WriterTests
{
    private delegate void Writing(ref RespWriter writer);

    [Fact]
    public void Command_IsAnArrayOfBulks()
    {
        Assert.Equal("*1\r\n$4\r\nPING\r\n", Write((ref w) =>
        {
            w.Begin(1);
            w.Add("PING");
        }));
        Assert.Equal("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n$2\r\n-7\r\n", Write((ref w) =>
        {
            w.Begin(4);
            w.Add("SET"u8);
            w.Add("k");
            w.Add(""u8);
            w.Add(-7);
        }));
        Assert.Equal("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n", Write((ref w) => new RespCommand("ECHO", "hi").Write(ref w)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Number_IsWrittenInDecimals(long number)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        Assert.Equal($"*1\r\n${digits.Length}\r\n{digits}\r\n", Write((ref w) =>
        {
            w.Begin(1);
            w.Add(number);
        }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("naïve")]
    [InlineData("日本語 🎉")]
    [InlineData("\r\n$1\r\n")]
    public void Text_IsUtf8_AndItsLengthCountsBytes(string text)
    {
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));
        Assert.Equal($"*1\r\n${bytes.Length}\r\n{bytes}\r\n", Write((ref w) =>
        {
            w.Begin(1);
            w.Add(text);
        }));
    }

    // Replaced by a question mark, two keys would become one.
    [Fact]
    public void TextThatIsNoUnicode_IsRefused()
    {
        foreach (var half in new[] { (char)0xd800, (char)0xdc00 })
        {
            Assert.Throws<EncoderFallbackException>(() => Write((ref w) =>
            {
                w.Begin(1);
                w.Add($"a{half}b");
            }));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    [InlineData(10_000_000)]
    public void LargePart_IsWritten(int length)
    {
        var value = new byte[length];
        new Random(length).NextBytes(value);
        var output = new RespOutput();
        var writer = new RespWriter(output);
        writer.Begin(2);
        writer.Add("ECHO");
        writer.Add(value);
        writer.End();

        byte[] expected = [.. "*2\r\n$4\r\nECHO\r\n$"u8, .. Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture)), .. "\r\n"u8, .. value, .. "\r\n"u8];
        Assert.True(output.Written.Span.SequenceEqual(expected));
    }

    [Fact]
    public void WrongNumberOfParts_IsRefused()
    {
        Assert.Throws<InvalidOperationException>(() => Write((ref w) => { }));
        Assert.Throws<InvalidOperationException>(() => Write((ref w) => w.Add("GET")));
        Assert.Throws<InvalidOperationException>(() => Write((ref w) =>
        {
            w.Begin(2);
            w.Add("GET");
        }));
        Assert.Throws<InvalidOperationException>(() => Write((ref w) =>
        {
            w.Begin(1);
            w.Add("GET");
            w.Add(1);
        }));
        Assert.Throws<InvalidOperationException>(() => Write((ref w) =>
        {
            w.Begin(1);
            w.Add("GET");
            w.Begin(1);
        }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write((ref w) => w.Begin(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Write((ref w) => w.Begin(-1)));
    }

    // One that goes on after a part too many has not mended anything.
    [Fact]
    public void PartTooMany_IsNotForgotten() => Assert.Throws<InvalidOperationException>(() => Write((ref w) =>
    {
        w.Begin(1);
        w.Add("GET");
        try
        {
            w.Add("k");
        }
        catch (InvalidOperationException)
        {
            // on purpose
        }
    }));

    [Fact]
    public void Output_KeepsWhatIsBeforeACut_AndGrows()
    {
        var output = new RespOutput();
        "kept"u8.CopyTo(output.GetSpan(4));
        output.Advance(4);
        output.GetSpan(100_000)[..100_000].Fill(1);
        output.Advance(100_000);
        output.CutTo(4);
        Assert.Equal("kept", Encoding.ASCII.GetString(output.Written.Span));
        output.Clear();
        Assert.Equal(0, output.Length);
        output.GetSpan(1_000_000)[..1_000_000].Fill(2);
        output.Advance(1_000_000);
        Assert.Equal(-1, output.Written.Span.IndexOfAnyExcept((byte)2));
        output.Clear();
        Assert.True(output.Written.IsEmpty);
    }

    private static string Write(Writing writing)
    {
        var output = new RespOutput();
        var writer = new RespWriter(output);
        writing(ref writer);
        writer.End();
        return Encoding.Latin1.GetString(output.Written.Span);
    }
}
