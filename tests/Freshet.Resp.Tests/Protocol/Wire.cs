using System.Text;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Protocol.Judging;

namespace Freshet.Resp.Tests.Protocol;

/// <summary>Literals of the protocol: bytes as Latin-1 text.</summary>
internal static class Wire
{
    public static byte[] Bytes(string literal) => Encoding.Latin1.GetBytes(literal);

    /// <summary>Scans what comes in those pieces; the frames' lengths, one after the other.</summary>
    public static List<int> Scan(ReadOnlySpan<byte> data, IEnumerable<int> ends, RespLimits? limits = null)
    {
        var scanner = new RespScanner(limits ?? RespLimits.Default);
        var (frames, start) = (new List<int>(), 0);
        foreach (var end in ends)
        {
            while (start < end)
            {
                if (!scanner.TryScan(data[start..end], out var needed))
                {
                    Assert.True(needed > end - start, "It needs no more than what is there.");
                    break;
                }

                Assert.InRange(needed, 1, end - start);
                frames.Add(needed);
                start += needed;
            }
        }

        return frames;
    }

    /// <summary>The error of the frame, or null: whole.</summary>
    public static string? Fault(string literal, RespLimits? limits = null)
    {
        var bytes = Bytes(literal);
        return Record.Exception(() => Scan(bytes, [bytes.Length], limits)) switch
        {
            null => null,
            RespProtocolException e => e.Message,
            { } other => throw new InvalidOperationException("Another error than one of the protocol.", other),
        };
    }

    public static RespValue Read(ReadOnlySpan<byte> frame)
    {
        var reader = new RespReader(frame);
        var value = RespValue.Of(ref reader);
        Assert.False(reader.Read());
        Assert.Equal(RespKind.None, reader.Kind);
        return value;
    }
}
