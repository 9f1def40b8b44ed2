using Freshet.Simulation;

namespace Freshet.Tests.Keys;

public class TagTests
{
    private static readonly string[] Segments =
        ["a", "A", "ab", "b", "/", "%", "*", "**", "%2F", "%252F", "a/b", "@", ".", "..", " ", "\0", "\u00e9", "e\u0301", "\ud83d\ude00", "import", "42"];

    [Theory]
    [InlineData("import/42/mappings", "import", "42", "mappings")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("100%25", "100%")]
    [InlineData("%2A%2A", "**")]
    [InlineData("%252F", "%2F")]
    public void Text_NamesTheSegments(string text, params string[] segments)
    {
        Assert.Equal(text, Tag.Of(segments).ToString());
        Assert.Equal(Tag.Of(segments), Tag.Parse(text));
        Assert.Equal(segments, Tag.Parse(text).Segments.ToArray());
    }

    [Fact]
    public void RandomTags_RoundTripAndDifferInText()
    {
        var random = new Prng(7);
        var seen = new Dictionary<string, Tag>(StringComparer.Ordinal);
        for (var i = 0; i < 100_000; i++)
        {
            var segments = new string[1 + random.Below(4)];
            for (var s = 0; s < segments.Length; s++)
                segments[s] = Segments[random.Below(Segments.Length)];
            var tag = Tag.Of(segments);
            var text = tag.ToString();

            Assert.Equal(tag, Tag.Parse(text));
            Assert.Equal(tag.GetHashCode(), Tag.Parse(text).GetHashCode());
            Assert.Equal(tag.Subtree, Dependency.Parse(tag.Subtree.ToString()));
            Assert.NotEqual(tag.Subtree.ToString(), text, StringComparer.Ordinal);
            if (!seen.TryAdd(text, tag))
                Assert.Equal(seen[text], tag);
        }
    }

    [Fact]
    public void HashesOfDifferentPaths_Differ()
    {
        // Not needed for correctness, but a clash of the whole hash would show on every table size.
        var random = new Prng(8);
        var seen = new Dictionary<ulong, Tag>();
        for (var i = 0; i < 200_000; i++)
        {
            var tag = Tag.Of(Segments[random.Below(Segments.Length)], $"{random.Below(1000)}", Segments[random.Below(Segments.Length)]);
            if (!seen.TryAdd(tag.PathHashes[^1], tag))
                Assert.Equal(seen[tag.PathHashes[^1]], tag);
        }
    }

    [Fact]
    public void Root_IsSlashAndItsSubtreeTwoStars()
    {
        Assert.Equal("/", Tag.Root.ToString());
        Assert.Same(Tag.Root, Tag.Parse("/"));
        Assert.Equal("**", Tag.Root.Subtree.ToString());
        Assert.Equal(Tag.Root.Subtree, Dependency.Parse("**"));
        Assert.Equal(Tag.Root, default(Dependency).Tag);
    }

    [Fact]
    public void Dependency_IsANodeOrASubtree()
    {
        Dependency node = Tag.Of("import", "42");

        Assert.False(node.IsSubtree);
        Assert.NotEqual(node, Tag.Of("import", "42").Subtree);
        Assert.True(Dependency.Parse("import/42/**").IsSubtree);
        Assert.Equal("import/42/**", Tag.Of("import", "42").Subtree.ToString());
    }

    [Theory]
    [InlineData("Import", "import")]
    [InlineData("\u00e9", "e\u0301")]
    public void Segments_AreNeitherFoldedNorNormalised(string one, string other) => Assert.NotEqual(Tag.Of(one), Tag.Of(other));

    [Theory]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("/a")]
    [InlineData("*")]
    [InlineData("a/*/b")]
    [InlineData("a%")]
    [InlineData("a%2f")]
    [InlineData("a%41")]
    [InlineData("**/a")]
    public void TextThatIsNoTag_IsRefused(string text) => Assert.Throws<FormatException>(() => Tag.Parse(text));

    [Fact]
    public void BadSegment_IsNamed()
    {
        Assert.Contains("tag segment 2", Assert.Throws<ArgumentException>(() => Tag.Of("a", "")).Message, StringComparison.Ordinal);
        Assert.Contains("tag segment 3", Assert.Throws<ArgumentException>(() => Tag.Of("a", "b", "\ud800")).Message, StringComparison.Ordinal);
        Assert.Contains("513", Assert.Throws<ArgumentException>(() => Tag.Of(new string('x', 513))).Message, StringComparison.Ordinal);
        Assert.Contains("Segment 2", Assert.Throws<FormatException>(() => Tag.Parse("a/%zz")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_IsBounded()
    {
        var deepest = Tag.Of([.. Enumerable.Repeat("a", Tag.MaxDepth)]);

        Assert.Throws<ArgumentException>(() => deepest.Child("a"));
        Assert.Throws<ArgumentException>(() => Tag.Of());
    }
}
