using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol;

/// <summary>What is no RESP ends with a clear error, wherever it is cut, and never with the bytes that came.</summary>
public sealed class MalformedTests
{
    public static TheoryData<string, string> Frames() => new()
    {
        { "?\r\n", "a value of an unknown type" },
        { "\r\n", "a value of an unknown type" },
        { "\0", "a value of an unknown type" },
        { "HTTP/1.1 400 Bad Request\r\n", "a value of an unknown type" },
        { "*1\r\n;4\r\n", "a value of an unknown type" },
        { "+OK\n", "a line does not end in CR LF" },
        { "+OK\r+", "a line does not end in CR LF" },
        { "+a\rb\r\n", "a line does not end in CR LF" },
        { ":\r\n", "not an integer" },
        { ":-\r\n", "not an integer" },
        { ":1a\r\n", "not an integer" },
        { ": 1\r\n", "not an integer" },
        { ":1.0\r\n", "not an integer" },
        { ":1,000\r\n", "not an integer" },
        { ":9223372036854775808\r\n", "not an integer" },
        { ":99999999999999999999999\r\n", "not an integer" },
        { "(\r\n", "not a big number" },
        { "(1e5\r\n", "not a big number" },
        { "_x\r\n", "not a null" },
        { "#\r\n", "not a boolean" },
        { "#true\r\n", "not a boolean" },
        { "#T\r\n", "not a boolean" },
        { ",\r\n", "not a double" },
        { ",1.\r\n", "not a double" },
        { ",.5\r\n", "not a double" },
        { ",1e\r\n", "not a double" },
        { ",1e+\r\n", "not a double" },
        { ",--1\r\n", "not a double" },
        { ",1,5\r\n", "not a double" },
        { ",0x1p3\r\n", "not a double" },
        { ",infinity\r\n", "not a double" },
        { ",+inf\r\n", "not a double" },
        { "$\r\n", "not a length" },
        { "$-2\r\n", "not a length" },
        { "$+1\r\na\r\n", "not a length" },
        { "$01\r\na\r\n", "not a length" },
        { "$1x\r\na\r\n", "not a length" },
        { "$?\r\n;1\r\na\r\n;0\r\n", "not a length" },
        { "$99999999999999999999\r\n", "not a length" },
        { "$1\r\nab\r\n", "no end of line after a bulk" },
        { "$1\r\na\n\n", "no end of line after a bulk" },
        { "$0\r\nab", "no end of line after a bulk" },
        { "!-1\r\n", "not a length" },
        { "=-1\r\n", "not a length" },
        { "=3\r\ntxt\r\n", "a verbatim string without its format" },
        { "=5\r\ntext:\r\n", "a verbatim string without its format" },
        { "*\r\n", "not a length" },
        { "*-2\r\n", "not a length" },
        { "*?\r\n", "not a length" },
        { "%-1\r\n", "not a length" },
        { "~-1\r\n", "not a length" },
        { ">-1\r\n", "not a length" },
        { "|-1\r\n", "not a length" },
        { ">0\r\n", "an empty push" },
        { "*1\r\n>1\r\n+a\r\n", "a push inside another value" },
        { "|1\r\n+a\r\n>1\r\n+a\r\n", "a push inside another value" },
        { "*2\r\n:1\r\n?\r\n", "a value of an unknown type" },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void MalformedFrame_IsRefused_WhereverItIsCut(string literal, string fault)
    {
        Assert.Equal($"The server sent no valid RESP: {fault}.", Wire.Fault(literal));

        var frame = Wire.Bytes(literal);
        for (var cut = 1; cut < frame.Length; cut++)
            Assert.Equal($"The server sent no valid RESP: {fault}.", Assert.Throws<RespProtocolException>(() => Wire.Scan(frame, [cut, frame.Length])).Message);
        Assert.Equal($"The server sent no valid RESP: {fault}.", Assert.Throws<RespProtocolException>(() => Wire.Scan(frame, Enumerable.Range(1, frame.Length))).Message);
    }

    [Fact]
    public void ByteOfNoType_IsRefusedAtOnce_NotOnlyAtTheEndOfALine()
    {
        Assert.NotNull(Wire.Fault("\x15"));
        Assert.NotNull(Wire.Fault("*2\r\n:1\r\nx"));
    }

    [Fact]
    public void TlsWhereNoneIsExpected_IsNamed() =>
        Assert.Equal("The server sent no valid RESP: it speaks TLS, and the address does not ask for it (rediss:// or ssl=true).", Wire.Fault("\x15\x03\x03\0\x02\x02\x46"));
}
