using System.Text;
using Freshet.AspNetCore.Http;
using FsCheck;
using FsCheck.Fluent;

namespace Freshet.AspNetCore.Tests.Http;

public class ContentTagTests
{
    [Fact]
    public void EqualRepresentations_HaveEqualTags() =>
        Assert.Equal(ContentTag.Create("abc"u8, "text/plain", null), ContentTag.Create("abc"u8, "text/plain", null));

    [Fact]
    public void KnownContent_KeepsItsTag() =>
        // Golden: another value would make every client fetch everything again after an update.
        Assert.Equal("\"Q0BOpWG0UOcEwSCSNwkNuQ\"", ContentTag.Create("{\"id\":1}"u8, "application/json; charset=utf-8", null));

    [Fact]
    public void EachDistinction_ChangesTheTag()
    {
        string[] tags =
        [
            ContentTag.Create("abc"u8, "text/plain", null),
            ContentTag.Create("abd"u8, "text/plain", null),
            ContentTag.Create("abc"u8, "text/html", null),
            ContentTag.Create("abc"u8, null, null),
            ContentTag.Create("abc"u8, "", null),
            ContentTag.Create("abc"u8, "text/plain", "gzip"),
            ContentTag.Create("abc"u8, "text/plain", "br"),
            ContentTag.Create("abc"u8, "text/plain", null, "sk"),
            ContentTag.Create("abc"u8, "text/plain", null, version: 1),
            ContentTag.Create("abc"u8, "text/plain", null, version: 2),
        ];
        Assert.Equal(tags.Length, tags.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void AnyContent_GivesAValidStrongTagThatTellsPartsApart() =>
        Prop.ForAll<byte[], string?, string?>((body, type, coding) =>
        {
            var tag = ContentTag.Create(body, type, coding);
            // A byte moved from a part into the body is another representation.
            var shifted = type is { Length: > 0 } ? ContentTag.Create([(byte)type[^1], .. body], type[..^1], coding) : "";
            return EntityTag.IsValid(tag) && tag[0] == '"' && tag != shifted;
        }).Check(Config.QuickThrowOnFailure);

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Version_IsReadBack(long version)
    {
        var tag = ContentTag.Create(Encoding.UTF8.GetBytes("x"), "text/plain", null, version: version);
        Assert.True(ContentTag.TryReadVersion(tag, out var read));
        Assert.Equal(version, read);
    }

    [Theory]
    [InlineData("\"abc\"")]
    [InlineData("\"abc.\"")]
    [InlineData("\"abc.4x\"")]
    [InlineData("abc.4")]
    [InlineData("*")]
    [InlineData("")]
    public void TagWithoutVersion_GivesNone(string tag) => Assert.False(ContentTag.TryReadVersion(tag, out _));
}
