using System.Globalization;
using Freshet.Resp.Protocol;

namespace Freshet.Resp.Tests.Protocol;

/// <summary>A server that says more than is allowed is refused: exactly from there on, wherever the network cuts.</summary>
public sealed class LimitTests
{
    private static readonly RespLimits Small = new(MaxFrameBytes: 20, MaxElements: 4, MaxLineBytes: 8, MaxDepth: 2);

    public static TheoryData<string, string?> Frames() => new()
    {
        // 20 bytes
        { "$13\r\n0123456789abc\r\n", null },
        { "*2\r\n+abcde\r\n+abcde\r\n", null },
        { "$14\r\n0123456789abcd\r\n", "the frame exceeds MaxFrameBytes" },
        { "$14\r\n", "the frame exceeds MaxFrameBytes" },
        { "$21\r\n", "the frame exceeds MaxFrameBytes" },
        { "$429496\r\n", "the frame exceeds MaxFrameBytes" },
        { "*999999\r\n", "the frame exceeds MaxFrameBytes" },
        { "*2\r\n+abcdef\r\n+abcde\r\n", "the frame exceeds MaxFrameBytes" },
        { "*2\r\n+abcdef\r\n+abcdef", "the frame exceeds MaxFrameBytes" },
        // 4 values
        { "*3\r\n:1\r\n:2\r\n:3\r\n", null },
        { "*5\r\n", "the frame exceeds MaxElements" },
        { "%3\r\n", "the frame exceeds MaxElements" },
        { "|3\r\n", "the frame exceeds MaxElements" },
        { "*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n", "the frame exceeds MaxElements" },
        { "|1\r\n_\r\n_\r\n_\r\n", null },
        { "|2\r\n_\r\n_\r\n_\r\n_\r\n", "the frame exceeds MaxElements" },
        { "*4\r\n_\r\n*0\r\n_\r\n*0\r\n", "the frame exceeds MaxElements" },
        { "*2\r\n|0\r\n|0\r\n|0\r\n|0\r\n", "the frame exceeds MaxElements" },
        // 8 bytes of a line, its type included
        { "+1234567\r\n", null },
        { "+12345678\r\n", "a line exceeds MaxLineBytes" },
        { "+12345678", "a line exceeds MaxLineBytes" },
        { "-12345678", "a line exceeds MaxLineBytes" },
        { "*00000000", "a line exceeds MaxLineBytes" },
        { "$10\r\n0123456789\r\n", null },
        // 2 deep
        { "*1\r\n*1\r\n:1\r\n", null },
        { "*1\r\n*1\r\n*0\r\n", null },
        { "*1\r\n*1\r\n|0\r\n_\r\n", null },
        { "*1\r\n*1\r\n*1\r\n:1\r\n", "the frame exceeds MaxDepth" },
        { "*1\r\n*1\r\n|1\r\n_\r\n", "the frame exceeds MaxDepth" },
        { "*1\r\n%1\r\n~1\r\n", "the frame exceeds MaxDepth" },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public void Frame_IsRefused_ExactlyBeyondTheLimit(string literal, string? fault)
    {
        var expected = fault is null ? null : $"The server sent no valid RESP: {fault}.";
        Assert.Equal(expected, Wire.Fault(literal, Small));

        var frame = Wire.Bytes(literal);
        for (var cut = 1; cut < frame.Length; cut++)
            Assert.Equal(expected, Record.Exception(() => Wire.Scan(frame, [cut, frame.Length], Small))?.Message);
        Assert.Equal(expected, Record.Exception(() => Wire.Scan(frame, Enumerable.Range(1, frame.Length), Small))?.Message);
    }

    [Fact]
    public void Nesting_IsBoundedByTheStack_WhateverTheLimitSays()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("*1\r\n", depth)) + "+x\r\n";
        var generous = new RespLimits(MaxDepth: 1000);

        Assert.Null(Wire.Fault(Nested(RespScanner.DeepestStack), generous));
        Assert.NotNull(Wire.Fault(Nested(RespScanner.DeepestStack + 1), generous));
        Assert.NotNull(Wire.Fault(Nested(100_000), generous));
    }

    [Fact]
    public void LengthsAtTheirGreatest_DoNotOverflow()
    {
        var greatest = new RespLimits(MaxFrameBytes: int.MaxValue, MaxElements: int.MaxValue);
        foreach (var kind in "$*%~>|!=")
        {
            foreach (var length in new long[] { int.MaxValue, int.MaxValue - 1, int.MaxValue - 20, 1L << 30, (1L << 30) + 1, uint.MaxValue, 9_999_999_999 })
            {
                var literal = string.Create(CultureInfo.InvariantCulture, $"{kind}{length}\r\n:1\r\n");
                var bytes = Wire.Bytes(literal);
                // Either it waits for more, or it refuses; never anything else.
                if (Record.Exception(() => Wire.Scan(bytes, [bytes.Length], greatest)) is { } e)
                    Assert.IsType<RespProtocolException>(e);
                else
                    Assert.Empty(Wire.Scan(bytes, [bytes.Length], greatest));
            }
        }
    }
}
