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
    [InlineData("*")]
    [InlineData("a/*")]
    [InlineData("a/*/b")]
    [InlineData("**/a")]
    public void Pattern_IsRefused(string text) => Assert.Throws<FormatException>(() => Tag.Parse(text));

    [Theory]
    [InlineData("rate/50%", "rate", "50%")]
    [InlineData("rate/a*b", "rate", "a*b")]
    [InlineData("a%2f", "a%2f")]
    [InlineData("a%41", "a%41")]
    [InlineData("a//b", "a", "", "b")]
    [InlineData("a/", "a", "")]
    [InlineData("/a", "", "a")]
    public void InputInAText_StandsForItself(string text, params string[] segments)
    {
        Assert.Equal(Tag.Of(segments), Tag.Parse(text));
        Assert.Equal(Tag.Of(segments), Tag.Parse(Tag.Of(segments).ToString()));
    }

    [Fact]
    public void SegmentThatIsTooLongOrNotWellFormed_IsItsHash_OnBothSides()
    {
        string[] inputs = [new('x', 513), new('x', 514), new string('x', 512) + "y", "\ud800", "\udc00", "a\ud800b", ""];
        var tags = inputs.Select(i => Tag.Of("rate", i)).ToArray();
        Assert.Equal(inputs.Length, tags.Distinct().Count());
        foreach (var (input, tag) in inputs.Zip(tags))
        {
            Assert.Equal(tag, Tag.Of("rate", input));
            Assert.Equal(tag, Tag.Of("rate").Child(input));
            // What stands for it is a segment like any other, so it comes back from a text and from another node.
            Assert.Equal(tag, Tag.Parse(tag.ToString()));
            Assert.Equal(tag, Tag.Of(tag.Segments));
            Assert.True(tag.Segments[1].Length <= 512);
        }
    }

    [Fact]
    public void PathThatIsTooDeep_IsCut()
    {
        string[] deepest = [.. Enumerable.Range(0, Tag.MaxDepth).Select(i => $"{i}")];
        Assert.Equal(Tag.Of(deepest), Tag.Of([.. deepest, "more"]));
        Assert.Equal(Tag.Of(deepest), Tag.Of(deepest).Child("more"));
        Assert.Equal(Tag.Of(deepest), Tag.Parse(string.Join('/', deepest) + "/more/and/more"));
        Assert.Throws<ArgumentException>(() => Tag.Of());
        Assert.Contains("tag segment 2", Assert.Throws<ArgumentNullException>(() => Tag.Of("a", null!)).Message, StringComparison.Ordinal);
    }
}
