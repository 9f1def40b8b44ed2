using System.Text;
using Freshet.History.Playing;

namespace Freshet.History.Tests.Playing;

/// <summary>What an answer shows is what the database had, or it is found out.</summary>
public sealed class ParseTests
{
    [Fact]
    public void RowsOfAList_StandAtTheirPlaces()
    {
        var versions = new long[3];
        Assert.Null(Parse("1.7.30 1.5.10 1.6.20 ", World.RowsPerTenant + 5, versions));
        Assert.Equal([10, 20, 30], versions);
    }

    [Fact]
    public void RowThatIsMissing_HasNoVersion()
    {
        var versions = new long[2];
        Assert.Null(Parse("0.1.7 ", 0, versions));
        Assert.Equal([0, 7], versions);
    }

    [Theory]
    [InlineData("1.5.10 ", "row 5 of tenant 1")]
    [InlineData("0.4.10 ", "row 4 of tenant 0")]
    [InlineData("0.7.10 ", "row 7 of tenant 0")]
    [InlineData("0.5.10", "an answer that is none")]
    [InlineData("<html>", "an answer that is none")]
    public void WhatWasNotAskedFor_IsFound(string body, string found) => Assert.Equal(found, Parse(body, 5, new long[2]));

    private static string? Parse(string body, int first, long[] versions) => Caller.Parse(Encoding.ASCII.GetBytes(body), first, versions);
}
