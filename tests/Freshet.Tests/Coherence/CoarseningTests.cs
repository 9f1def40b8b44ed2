using System.Globalization;
using Freshet.Coherence;
using Freshet.Simulation;

namespace Freshet.Tests.Coherence;

/// <summary>What one append touches is bounded, and hits all that it hit before.</summary>
public class CoarseningTests
{
    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<Tag> Rows(int count, params string[] under) => Enumerable.Range(0, count).Select(i => Tag.Of([.. under, Text(i)]));

    private static string[] Coarse(params IEnumerable<Tag>[] tags) => [.. Coarsening.Of([.. tags.SelectMany(t => t)]).Select(t => t.ToString()).Order(StringComparer.Ordinal)];

    [Fact]
    public void FewTags_StayAsTheyAre()
    {
        Tag[] tags = [.. Rows(Coarsening.MostOfType, "mapping")];
        Assert.Same(tags, Coarsening.Of(tags));
    }

    [Fact]
    public void C17_ManyRowsOfOneType_BecomeTheType_AndTheOthersStay() =>
        Assert.Equal(["import/42", "mapping"], Coarse(Rows(10_000, "mapping"), [Tag.Of("mapping", "@import", "42"), Tag.Of("import", "42")]));

    [Fact]
    public void C17_ManyRowsWithOneBeginningOfTheirKeys_BecomeThatBeginning() =>
        Assert.Equal(["line/42", "line/7/1"], Coarse(Rows(10_000, "line", "42"), [Tag.Of("line", "7", "1")]));

    [Fact]
    public void C17_RowsOfOneUser_StayThatUsers() =>
        Assert.Equal(["note/ann"], Coarse(Rows(10_000, "note", "ann")));

    [Fact]
    public void C17_ManyCollectionsBesideFewRows_BecomeTheCollectionsOfThatParent() =>
        Assert.Equal(["mapping/0", "mapping/1", "mapping/@import"], Coarse(Rows(10_000, "mapping", "@import"), Rows(2, "mapping")));

    [Fact]
    public void C17_ManyParentsOfOneChildEach_BecomeTheType() =>
        Assert.Equal(["line"], Coarse(Enumerable.Range(0, 10_000).Select(i => Tag.Of("line", Text(i), "1"))));

    [Fact]
    public void C17_TagsOfManyTypes_BecomeEverything() =>
        Assert.Equal(["/"], Coarse(Enumerable.Range(0, 10_000).Select(i => Tag.Of("product-" + Text(i)))));

    [Fact]
    public void C17_TheRootAmongThem_IsEverything() => Assert.Equal(["/"], Coarse(Rows(10_000, "mapping"), [Tag.Root]));

    [Fact]
    public void C17_LongTags_AreBoundedInBytes()
    {
        var name = new string('ü', 500);
        Assert.Equal(["mapping", "short/1"], Coarse(Enumerable.Range(0, 100).Select(i => Tag.Of("mapping", name + Text(i))), [Tag.Of("short", "1")]));
        Assert.Equal(["/"], Coarse(Enumerable.Range(0, 100).Select(i => Tag.Of(name + Text(i)))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void C17_WhateverIsTouched_TheCoarserTagsHitAllOfIt_AndKeepTheBounds(ulong seed)
    {
        var random = new Prng(seed);
        for (var round = 0; round < 2_000; round++)
        {
            Tag[] tags = [.. Enumerable.Range(0, 1 + random.Below(60)).Select(_ => Path(random))];
            var (mostOfType, most) = (1 + random.Below(8), 8 + random.Below(20));
            var coarse = Coarsening.Of(tags, mostOfType, most, 400);

            Assert.True(coarse.Count <= most);
            Assert.All(coarse.GroupBy(t => t.Segments.Length > 0 ? t.Segments[0] : "/", StringComparer.Ordinal), type => Assert.True(type.Count() <= mostOfType));
            for (var i = 0; i < 20; i++)
            {
                var path = Path(random);
                Dependency dependency = random.Below(2) == 0 ? path.Subtree : path;
                if (tags.Any(t => TouchModelTests.Hits(t, dependency)))
                    Assert.True(coarse.Any(t => TouchModelTests.Hits(t, dependency)), $"{string.Join(", ", coarse)} misses {dependency}");
            }
        }
    }

    [Fact]
    public void TenThousandTagsOfManyParents_AreCoarsenedInNoTime()
    {
        Tag[] tags = [.. Enumerable.Range(0, 10_000).Select(i => Tag.Of("line", Text(i / 2), Text(i)))];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(Tag.Of("line"), Assert.Single(Coarsening.Of(tags)));
        Assert.InRange(watch.ElapsedMilliseconds, 0, 2_000); // 20 ms; a quadratic one takes a minute
    }

    private static Tag Path(Prng random)
    {
        var tag = Tag.Root;
        for (var depth = random.Below(60) == 0 ? 0 : 1 + random.Below(4); depth > 0; depth--)
            tag = tag.Child(Text(random.Below(4)));
        return tag;
    }
}
