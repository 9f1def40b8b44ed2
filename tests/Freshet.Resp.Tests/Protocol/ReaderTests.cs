using System.Text;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol;

public sealed class ReaderTests
{
    [Theory]
    [InlineData("_\r\n")]
    [InlineData("$-1\r\n")]
    [InlineData("*-1\r\n")]
    [InlineData("|1\r\n+a\r\n+b\r\n$-1\r\n")]
    public void NullOfAnyKind_IsNull_AndHoldsNothing(string literal)
    {
        var reader = new RespReader(Wire.Bytes(literal));
        Assert.True(reader.Read());
        Assert.True(reader.IsNull);
        Assert.False(reader.IsError);
        Assert.Equal(0, reader.Count);
        Assert.True(reader.Bytes.IsEmpty);
        reader.Skip();
        Assert.False(reader.Read());

        Assert.True(new RespReader(Wire.Bytes(literal)).ReadBytes().IsEmpty);
        Assert.Throws<RespProtocolException>(() => new RespReader(Wire.Bytes(literal)).ReadInt64());
        Assert.Throws<RespProtocolException>(() => new RespReader(Wire.Bytes(literal)).ReadAggregate());
    }

    [Theory]
    [InlineData("-ERR x\r\n", true)]
    [InlineData("!5\r\nERR x\r\n", true)]
    [InlineData("|1\r\n+a\r\n:1\r\n-ERR x\r\n", true)]
    [InlineData("|1\r\n+a\r\n-no\r\n+OK\r\n", false)]
    [InlineData("+ERR x\r\n", false)]
    [InlineData("*1\r\n-ERR\r\n", false)]
    public void Error_IsOneByItsType(string literal, bool isError)
    {
        var reader = new RespReader(Wire.Bytes(literal));
        Assert.True(reader.Read());
        Assert.Equal(isError, reader.IsError);
    }

    [Theory]
    [InlineData(":12\r\n", 12)]
    [InlineData(":-9223372036854775808\r\n", long.MinValue)]
    [InlineData("$2\r\n12\r\n", 12)]
    [InlineData("+12\r\n", 12)]
    [InlineData("|1\r\n+a\r\n:7\r\n:12\r\n", 12)]
    public void Integer_IsRead_AlsoFromAString(string literal, long value) => Assert.Equal(value, new RespReader(Wire.Bytes(literal)).ReadInt64());

    [Theory]
    [InlineData("$0\r\n\r\n")]
    [InlineData("$3\r\n1 2\r\n")]
    [InlineData("$2\r\n1a\r\n")]
    [InlineData("$3\r\n1.0\r\n")]
    [InlineData("$20\r\n99999999999999999999\r\n")]
    [InlineData(",1\r\n")]
    [InlineData("(1\r\n")]
    [InlineData("#t\r\n")]
    [InlineData("-1\r\n")]
    [InlineData("*1\r\n:1\r\n")]
    [InlineData("")]
    public void WhereAnIntegerBelongs_AnythingElse_IsRefused(string literal) =>
        Assert.Equal(
            "The server's reply has something else where an integer belongs.",
            Assert.Throws<RespProtocolException>(() => new RespReader(Wire.Bytes(literal)).ReadInt64()).Message);

    [Theory]
    [InlineData("$1\r\na\r\n", "a")]
    [InlineData("+a\r\n", "a")]
    [InlineData("=5\r\ntxt:a\r\n", "a")]
    [InlineData("$0\r\n\r\n", "")]
    public void String_IsRead(string literal, string value) => Assert.Equal(value, Encoding.Latin1.GetString(new RespReader(Wire.Bytes(literal)).ReadBytes()));

    [Theory]
    [InlineData(":1\r\n")]
    [InlineData("-ERR\r\n")]
    [InlineData("!3\r\nERR\r\n")]
    [InlineData("#t\r\n")]
    [InlineData("*0\r\n")]
    [InlineData("")]
    public void WhereAStringBelongs_AnythingElse_IsRefused(string literal) =>
        Assert.Equal(
            "The server's reply has something else where a string belongs.",
            Assert.Throws<RespProtocolException>(() => new RespReader(Wire.Bytes(literal)).ReadBytes().Length).Message);

    [Theory]
    [InlineData("*2\r\n:1\r\n:2\r\n", 2)]
    [InlineData("~1\r\n:1\r\n", 1)]
    [InlineData("%1\r\n:1\r\n:2\r\n", 2)]
    [InlineData(">1\r\n+a\r\n", 1)]
    [InlineData("*0\r\n", 0)]
    public void Aggregate_SaysHowManyValuesItHolds(string literal, int count) => Assert.Equal(count, new RespReader(Wire.Bytes(literal)).ReadAggregate());

    [Theory]
    [InlineData(":1\r\n")]
    [InlineData("$1\r\na\r\n")]
    [InlineData("-ERR\r\n")]
    [InlineData("")]
    public void WhereAnAggregateBelongs_AnythingElse_IsRefused(string literal) =>
        Assert.Equal(
            "The server's reply has something else where an array belongs.",
            Assert.Throws<RespProtocolException>(() => new RespReader(Wire.Bytes(literal)).ReadAggregate()).Message);

    [Fact]
    public void Skip_PassesOverWhatTheCurrentValueHolds_AndNothingElse()
    {
        var reader = new RespReader("*4\r\n*2\r\n%1\r\n:1\r\n*1\r\n:2\r\n|1\r\n+a\r\n+b\r\n:3\r\n:4\r\n*0\r\n+end\r\n"u8);
        Assert.Equal(4, reader.ReadAggregate());
        Assert.Equal(2, reader.ReadAggregate());
        reader.Skip();
        reader.Skip(); // twice is once
        Assert.Equal(4, reader.ReadInt64());
        reader.Skip(); // a plain value holds nothing
        Assert.Equal(0, reader.ReadAggregate());
        reader.Skip();
        Assert.Equal("end", Encoding.ASCII.GetString(reader.ReadBytes()));
        Assert.False(reader.Read());
        Assert.False(reader.Read());
    }

    [Theory]
    [InlineData("$5\r\nhello\r\n", 4, 5)]
    [InlineData("+OK\r\n", 1, 2)]
    [InlineData("=7\r\ntxt:abc\r\n", 8, 3)]
    [InlineData("|1\r\n+a\r\n:1\r\n$1\r\nx\r\n", 16, 1)]
    public void Start_IsWhereTheBytesAreInTheFrame(string literal, int start, int length)
    {
        var frame = Wire.Bytes(literal);
        var reader = new RespReader(frame);
        reader.Read();
        Assert.Equal((start, length), (reader.Start, reader.Bytes.Length));
        Assert.True(reader.Bytes.SequenceEqual(frame.AsSpan(start, length)));
    }
}
