using Freshet.Keys;

namespace Freshet.Tests.Keys;

public class TagReadingsTests
{
    private static string Of(params string[] input) =>
        string.Join(' ', TagReadings.OfSegments(["user", .. input], [false, .. input.Select(_ => true)]).Select(d => d.ToString()));

    [Theory]
    [InlineData("7", "user/7")]
    [InlineData("alice", "user/alice")]
    [InlineData("@bob", "user/@bob")]
    [InlineData("007", "user/007 user/7")]
    [InlineData("+7", "user/+7 user/7")]
    [InlineData("-0", "user/-0 user/0")]
    [InlineData(" 7", "user/ 7 user/7")]
    [InlineData("0x2A", "user/0x2A user/42")]
    [InlineData("TRUE", "user/TRUE user/true")]
    [InlineData("2026-3-4", "user/2026-3-4 user/2026-03-04")]
    [InlineData("6F9619FF8B86D011B42D00C04FC964FF", "user/6F9619FF8B86D011B42D00C04FC964FF user/6f9619ff-8b86-d011-b42d-00c04fc964ff")]
    [InlineData("a%2Fb", "user/a%252Fb user/a%2Fb")]
    [InlineData("a/b", "user/a%2Fb user/a/b")]
    public void InputOfARequest_IsReadInEachWayItMayBeMeant(string input, string expected) => Assert.Equal(expected, Of(input));

    [Fact]
    public void SeveralValues_AreReadInAllCombinations() => Assert.Equal("user/01/02 user/1/02 user/01/2 user/1/2", Of("01", "02"));

    [Fact]
    public void TooManyReadings_AreAllThatBeginsAlike() =>
        Assert.Equal("user/01/01/01/01/01/**", Of("01", "01", "01", "01", "01", "01", "01"));

    [Theory]
    [InlineData("rate/50%", "rate/50%25")]
    [InlineData("rate/a*b", "rate/a%2Ab")]
    [InlineData("rate/x%2Fy", "rate/x%2Fy rate/x%252Fy")]
    [InlineData("rate/007", "rate/007 rate/7")]
    [InlineData("rate/**", "rate/**")]
    [InlineData("**", "**")]
    public void Text_IsReadInEachWayItMayBeMeant(string text, string expected)
    {
        Assert.True(TagReadings.TryOfText(text, out var readings, out _));
        Assert.Equal(expected, string.Join(' ', readings));
    }

    [Theory]
    [InlineData("rate/*")]
    [InlineData("*/**")]
    [InlineData("")]
    public void Pattern_IsNoReading(string text)
    {
        Assert.False(TagReadings.TryOfText(text, out _, out var error));
        Assert.NotEmpty(error);
    }
}
