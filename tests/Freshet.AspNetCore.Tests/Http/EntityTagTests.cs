using Freshet.AspNetCore.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;

namespace Freshet.AspNetCore.Tests.Http;

public class EntityTagTests
{
    // RFC 9110 §8.8.3.2, table 3, and §13.1.1, §13.1.2.
    [Theory]
    [InlineData("W/\"1\"", "W/\"1\"", false, true)]
    [InlineData("W/\"1\"", "W/\"2\"", false, false)]
    [InlineData("W/\"1\"", "\"1\"", false, true)]
    [InlineData("\"1\"", "\"1\"", true, true)]
    public void TwoTags_CompareAsInTheTable(string field, string current, bool strong, bool weak)
    {
        Assert.Equal(strong, EntityTag.Match(field, current, strong: true) == EntityTagMatch.Matches);
        Assert.Equal(weak, EntityTag.Match(field, current, strong: false) == EntityTagMatch.Matches);
    }

    [Theory]
    [InlineData("\"a\", \"b\" ,W/\"c\"", "\"c\"", true)]
    [InlineData(", ,\t\"b\",", "\"b\"", true)]                 // §5.6.1.2: empty members
    [InlineData("\"a,b\", \"c\"", "\"a,b\"", true)]            // a comma belongs to the tag
    [InlineData("\"a,b\"", "\"b\"", false)]
    [InlineData("\"\"", "\"\"", true)]                         // an empty tag is a tag
    [InlineData("*", "\"x\"", true)]
    [InlineData("\"A\"", "\"a\"", false)]                      // ordinal
    [InlineData("w/\"a\"", "\"a\"", false)]                    // §8.8.3: W/ is case-sensitive
    [InlineData("a", "\"a\"", false)]
    [InlineData("\"a", "\"a\"", false)]
    [InlineData("\"a\"x, \"b\"", "\"b\"", false)]              // malformed: nothing behind it is read
    [InlineData("\"a b\"", "\"a b\"", false)]                  // no space in an etagc
    public void List_MatchesItsMembers(string field, string current, bool expected) =>
        Assert.Equal(expected ? EntityTagMatch.Matches : EntityTagMatch.None, EntityTag.Match(field, current, strong: false));

    [Fact]
    public void SeveralLines_AreOneList() =>
        Assert.Equal(EntityTagMatch.Matches, EntityTag.Match(new StringValues(["\"a\"", "\"b\""]), "\"b\"", strong: true));

    [Fact]
    public void Star_MatchesOnlyWhatExists()
    {
        Assert.Equal(EntityTagMatch.Matches, EntityTag.Match("*", current: null, strong: true, exists: true));
        Assert.Equal(EntityTagMatch.None, EntityTag.Match("*", current: null, strong: true, exists: false));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void EmptyField_IsAbsent(string field) => Assert.Equal(EntityTagMatch.Absent, EntityTag.Match(field, "\"a\"", strong: false));

    [Theory]
    [InlineData("\"a\"", true)]
    [InlineData("W/\"a\"", true)]
    [InlineData("*", false)]
    [InlineData("\"a\", \"b\"", false)]
    [InlineData(" \"a\"", false)]
    [InlineData("a", false)]
    [InlineData("", false)]
    public void SingleTag_IsRecognised(string text, bool expected) => Assert.Equal(expected, EntityTag.IsValid(text));

    [Fact]
    public void AnyList_MatchesExactlyItsMembers()
    {
        var tag = Gen.Elements('a', 'b', ',', ';', '!', '~', 'é', '\\').ArrayOf().Select(c => "\"" + new string(c) + "\"");
        var lists = tag.Zip(Gen.Elements("", "W/"), (t, w) => w + t).NonEmptyListOf().Select(l => l.ToArray());
        var cases = lists.Zip(tag, (list, current) => (list, current)).ToArbitrary();
        Prop.ForAll(cases, c =>
        {
            var weakly = c.list.Any(member => member[member.IndexOf('"')..] == c.current);
            var strongly = c.list.Contains(c.current);
            var field = string.Join(" , ", c.list);
            return (EntityTag.Match(field, c.current, strong: false) == EntityTagMatch.Matches) == weakly
                && (EntityTag.Match(field, c.current, strong: true) == EntityTagMatch.Matches) == strongly;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void AnyText_IsReadWithoutFault() =>
        Prop.ForAll<string?>(text => EntityTag.Match(text, "\"a\"", strong: false) is EntityTagMatch.None or EntityTagMatch.Absent or EntityTagMatch.Matches)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
