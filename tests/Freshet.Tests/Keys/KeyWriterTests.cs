using Freshet.Keys;
using Freshet.Simulation;

namespace Freshet.Tests.Keys;

public class KeyWriterTests
{
    private const int Tuples = 1_000_000;

    /// <summary>What tempts a writer to confuse parts: delimiters, empties, nulls, the code units it uses itself, surrogate
    /// pairs, case, and the same letter in two normal forms.</summary>
    private static readonly string?[] Parts =
    [
        null, "", "\0", "\u0001", "\u0002", "\u0003", "a", "A", "b", "ab", "a\0", "\0a", "a\u0002b", "\u0002a", "/", ":", "|", "a/b", "a:b",
        "%2F", "%00", "\u00e9", "e\u0301", "\u212a", "k", "K", "\ud83d\ude00", "\ud83d\ude01", "\ufffd", "\uffff", "\ud7ff", "\ue000", "i", "I", "\u0130", "\u0131", "ss", "\u00df", "null",
    ];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void MillionRandomTuples_NoTwoGiveTheSameKey(ulong seed, bool hasLists)
    {
        // Comparing every pair is out of reach, so equal keys are looked for in a table and the tuples behind them compared.
        var random = new Prng(seed);
        var tuples = new Dictionary<string, Step[]>(Tuples, StringComparer.Ordinal);
        var buffer = new char[8];
        var repeated = 0;
        for (var i = 0; i < Tuples; i++)
        {
            var tuple = hasLists ? WithLists(random) : OfAnyLength(random);
            var key = Write(tuple, buffer);
            if (tuples.TryAdd(key, tuple))
                continue;
            repeated++;
            Assert.Equal(tuples[key], tuple);
        }

        // The same tuple comes again now and then, else the comparison was never made.
        Assert.InRange(repeated, 1, Tuples / 2);
    }

    [Fact]
    public void NullAndEmpty_Differ() => Assert.NotEqual(Write([Part(null)], []), Write([Part("")], []), StringComparer.Ordinal);

    [Theory]
    [InlineData("caf\u00e9", "cafe\u0301")]
    [InlineData("Import", "import")]
    [InlineData("K", "\u212a")]
    [InlineData("a ", "a")]
    public void NothingIsFoldedTrimmedOrNormalised(string one, string other) =>
        Assert.NotEqual(Write([Part(one)], []), Write([Part(other)], []), StringComparer.Ordinal);

    [Theory]
    [InlineData(new[] { 0xD800 })]
    [InlineData(new[] { 'a', 0xDC00 })]
    [InlineData(new[] { 0xDE00, 0xD83D })]
    [InlineData(new[] { 0xD83D, 0xDE00, 0xD83D })]
    public void LoneSurrogate_IsReportedWithThePart(int[] units)
    {
        // As numbers: an attribute stores its strings as UTF-8, which has no lone surrogates.
        var value = new string([.. units.Select(u => (char)u)]);
        using var key = new KeyWriter(stackalloc char[16]);
        key.Append("\ud83d\ude00", "path");
        Assert.Equal(KeyPartError.None, key.Error);
        key.Append(value, "route value 'id'");
        key.Append("\ud800", "query");

        Assert.Equal(KeyPartError.LoneSurrogate, key.Error);
        Assert.Equal("route value 'id'", key.ErrorPart);
    }

    [Fact]
    public void LongestPart_FitsAndOneMoreDoesNot()
    {
        using var fits = new KeyWriter([]);
        fits.Append(new string('x', KeyPart.MaxLength), "query");
        Assert.Equal(KeyPartError.None, fits.Error);
        Assert.Equal(KeyPart.MaxLength + 1, fits.Written.Length);

        using var tooLong = new KeyWriter([]);
        tooLong.Append(new string('x', KeyPart.MaxLength + 1), "query");
        Assert.Equal(KeyPartError.TooLong, tooLong.Error);
        Assert.Equal("query", tooLong.ErrorPart);
    }

    [Theory]
    [InlineData(0xD7FE, true)]
    [InlineData(0xD7FF, false)]
    [InlineData(-1, false)]
    public void Count_IsBounded(int count, bool fits)
    {
        using var key = new KeyWriter([]);
        key.AppendCount(count, "query");
        Assert.Equal(fits ? KeyPartError.None : KeyPartError.TooManyParts, key.Error);
    }

    [Fact]
    public void WrittenParts_AreTheSameAsWritingThem()
    {
        var prefix = Write([Part("GET"), Part(null)], []);
        using var key = new KeyWriter([]);
        key.AppendWritten(prefix);
        key.Append("x", "x");

        Assert.Equal(Write([Part("GET"), Part(null), Part("x")], []), key.ToString());
    }

    private static string Write(Step[] tuple, char[] buffer)
    {
        using var key = new KeyWriter(buffer);
        foreach (var step in tuple)
        {
            if (step.Count >= 0)
                key.AppendCount(step.Count, "count");
            else if (step.Part is null)
                key.AppendNull();
            else
                key.Append(step.Part, "part");
        }

        Assert.Equal(KeyPartError.None, key.Error);
        return key.ToString();
    }

    // Parts alone delimit themselves, however many there are.
    private static Step[] OfAnyLength(Prng random)
    {
        var steps = new Step[random.Below(8)];
        for (var i = 0; i < steps.Length; i++)
            steps[i] = RandomPart(random);
        return steps;
    }

    // Fixed parts and lists with their counts, as the engine writes routes and queries.
    private static Step[] WithLists(Prng random)
    {
        var steps = new List<Step> { RandomPart(random) };
        for (var list = 0; list < 2; list++)
        {
            var count = random.Below(3);
            steps.Add(new Step(null, count));
            for (var i = 0; i < count; i++)
                steps.Add(RandomPart(random));
        }

        steps.Add(RandomPart(random));
        return [.. steps];
    }

    private static Step RandomPart(Prng random) => Part(Parts[random.Below(Parts.Length)]);

    private static Step Part(string? value) => new(value, -1);

    /// <summary>A part, or a count when it is not negative.</summary>
    private readonly record struct Step(string? Part, int Count);
}
