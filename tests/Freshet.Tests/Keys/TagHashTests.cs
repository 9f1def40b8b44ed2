using Freshet.Keys;
using Freshet.Simulation;

namespace Freshet.Tests.Keys;

public class TagHashTests
{
    private static readonly string[] Segments = ["a", "b", "ab", "A", "/", "%2F", "*", "@a", "\u00e9", "e\u0301"];

    /// <summary>From the reference implementation: key 00 01 … 0f, message 00 01 02 …; its first eight bytes are the parent's hash.</summary>
    [Theory]
    [InlineData(8, 0x93f5f5799a932462)]
    [InlineData(9, 0x9e0082df0ba9e4b0)]
    [InlineData(10, 0x7a5dbbc594ddb9f3)]
    [InlineData(11, 0xf4b32f46226bada7)]
    [InlineData(12, 0x751e8fbc860ee5fb)]
    [InlineData(13, 0x14ea5627c0843d90)]
    [InlineData(14, 0xf723ca908e7af2ee)]
    [InlineData(15, 0xa129ca6149be45e5)]
    public void Hash_IsSipHash24(int length, ulong expected)
    {
        var bytes = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var hash = TagHash.FromKey([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        Assert.Equal(expected, hash.Of(0x0706050403020100, bytes.AsSpan(8)));
    }

    [Fact]
    public void DifferentPaths_HaveDifferentHashes_AndEqualOnesHaveOne()
    {
        // Not needed for correctness, but a clash of the whole hash would show on every table size.
        var hash = TagHash.Random();
        var random = new Prng(8);
        var seen = new Dictionary<ulong, Tag>();
        for (var i = 0; i < 200_000; i++)
        {
            var tag = Tag.Of(Segments[random.Below(Segments.Length)], $"{random.Below(1000)}", Segments[random.Below(Segments.Length)]);
            if (!seen.TryAdd(hash.OfPath(tag.Segments), tag))
                Assert.Equal(seen[hash.OfPath(tag.Segments)], tag);
        }
    }

    [Fact]
    public void OtherKey_OtherHashes()
    {
        var tags = Enumerable.Range(0, 1000).Select(i => Tag.Of("import", $"{i}")).ToArray();
        var (one, other) = (TagHash.Random(), TagHash.Random());
        Assert.DoesNotContain(tags, t => one.OfPath(t.Segments) == other.OfPath(t.Segments));
    }

    /// <summary>The hash of before multiplied with what it was given: a block equal to a constant made the product zero, whatever came
    /// before it, so that all paths that ended alike had one hash.</summary>
    [Fact]
    public void SegmentThatWouldHaveMadeAProductZero_DoesNotHideWhatIsAboveIt()
    {
        ReadOnlySpan<char> block = [(char)0x28db, (char)0xa0b4, (char)0x7ed1, (char)0xe703]; // e7037ed1a0b428db
        var poison = new string(block);
        var hash = TagHash.Random();
        Assert.NotEqual(hash.OfPath(["a", poison]), hash.OfPath(["b", poison]));
    }
}
