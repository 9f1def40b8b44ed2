using System.Globalization;
using System.Text;
using Freshet.Resp.Protocol;
using Freshet.Resp.Tests.Protocol.Judging;

namespace Freshet.Resp.Tests.Protocol;

/// <summary>
/// The scanner against the slow parser: the same verdict at every cut, and the same values. <c>FRESHET_FUZZ_CASES</c> says how many
/// cases (20,000 unless told); each is its seed.
/// </summary>
public sealed class FuzzTests
{
    private const int Cases = 20_000;

    private static int CaseCount =>
        int.TryParse(Environment.GetEnvironmentVariable("FRESHET_FUZZ_CASES"), NumberStyles.None, CultureInfo.InvariantCulture, out var told) ? told : Cases;

    [Fact]
    public void RandomFrames_WholeAndSpoilt_AreJudgedAlike()
    {
        var seen = new int[3];
        for (var seed = 0; seed < CaseCount; seed++)
        {
            try
            {
                seen[(int)Case(seed)]++;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Case {seed}: {e.Message}"), e);
            }
        }

        // A generator that makes only one kind of case proves nothing.
        Assert.All(seen, count => Assert.True(count > CaseCount / 20, string.Join(' ', seen)));
    }

    private static Verdict Case(int seed)
    {
        var random = new Random(seed);
        var generator = new FrameGenerator(random);
        var data = generator.Frame();
        if (random.Next(3) > 0)
            data = generator.Spoil(data);
        if (random.Next(3) == 0)
            data = [.. data, .. generator.Frame()];
        var limits = random.Next(3) > 0
            ? RespLimits.Default
            : new RespLimits(random.Next(5, 300), random.Next(1, 30), random.Next(2, 40), random.Next(1, 6));

        var scanner = new RespScanner(limits);
        var (start, end, complete) = (0, 0, 0);
        while (true)
        {
            var judged = SlowParser.Judge(data.AsSpan(start..end), limits);
            var verdict = Scan(ref scanner, data.AsSpan(start..end), out var needed);
            Assert.True(
                judged.Verdict == verdict,
                $"{verdict} where {judged.Verdict} is right: \"{Escape(data.AsSpan(start..end))}\" with {limits}");
            switch (verdict)
            {
                case Verdict.Malformed:
                    return verdict;
                case Verdict.Complete:
                    Assert.Equal(judged.Length, needed);
                    var frame = data.AsSpan(start, needed);
                    Assert.Equal(judged.Value, Wire.Read(frame));
                    SkipSome(judged.Value!, frame, random);
                    start += needed;
                    complete++;
                    break;
                default:
                    Assert.True(needed > end - start);
                    if (end == data.Length)
                        return complete > 0 && start == end ? Verdict.Complete : verdict;
                    end = random.Next(end + 1, Math.Min(data.Length, end + random.Next(1, 60)) + 1);
                    break;
            }
        }
    }

    private static Verdict Scan(ref RespScanner scanner, ReadOnlySpan<byte> data, out int needed)
    {
        try
        {
            return scanner.TryScan(data, out needed) ? Verdict.Complete : Verdict.Incomplete;
        }
        catch (RespProtocolException)
        {
            needed = 0;
            return Verdict.Malformed;
        }
    }

    // Who skips a part stands where who reads it stands.
    private static void SkipSome(RespValue value, ReadOnlySpan<byte> frame, Random random)
    {
        var reader = new RespReader(frame);
        Walk(value, ref reader, random);
        Assert.False(reader.Read());

        static void Walk(RespValue value, ref RespReader reader, Random random)
        {
            Assert.True(reader.Read());
            Assert.Equal(value.Kind, reader.Kind);
            Assert.Equal(value.Parts.Count, reader.Count);
            if (random.Next(2) == 0)
            {
                reader.Skip();
                return;
            }

            foreach (var part in value.Parts)
                Walk(part, ref reader, random);
        }
    }

    private static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var c in Encoding.Latin1.GetString(bytes))
            text.Append(c switch { '\r' => "\\r", '\n' => "\\n", < ' ' or > '~' => $"\\x{(int)c:x2}", _ => c.ToString() });
        return text.ToString();
    }
}
