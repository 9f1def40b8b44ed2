using Freshet.Invalidation;

namespace Freshet.Tests.Invalidation;

public class EntityModelTests
{
    private sealed record A(int Id, int BId);

    private sealed record B(int Id, int CId);

    private sealed record C(int Id, int AId);

    [Fact]
    public void CascadesThatFormACycle_StopTheStart()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>("a").Parent<B>(x => x.BId);
        builder.Entity<B>("b").Parent<C>(x => x.CId);
        builder.Entity<C>("c").Parent<A>(x => x.AId);
        var error = Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Contains("a -> c -> b -> a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CycleWithoutCascade_IsAllowed()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>("a").Parent<B>(x => x.BId);
        builder.Entity<B>("b").Parent<C>(x => x.CId);
        builder.Entity<C>("c").Parent<A>(x => x.AId, cascade: false);
        Assert.Equal(3, builder.Build().Types.Count);
    }

    [Fact]
    public void DerivationsThatFormACycle_StopTheStart()
    {
        var builder = new EntityModelBuilder();
        builder.Entity("x").DerivedFrom("y");
        builder.Entity("y").DerivedFrom("x");
        Assert.Throws<InvalidOperationException>(builder.Build);
    }

    [Fact]
    public void UnknownParent_StopsTheStart()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>("a").Parent<B>(x => x.BId);
        var error = Assert.Throws<InvalidOperationException>(builder.Build);
        Assert.Contains("'a' names the parent B", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneTagForTwoTypes_StopsTheStart()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>("same");
        builder.Entity<B>("same");
        Assert.Contains("'same'", Assert.Throws<InvalidOperationException>(builder.Build).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForeignKeyOfAnotherLength_StopsTheStart()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<B>("b").Key(x => new { x.Id, x.CId });
        builder.Entity<A>("a").Parent<B>(x => x.BId);
        Assert.Throws<InvalidOperationException>(builder.Build);
    }

    [Theory]
    [InlineData("")]
    [InlineData("@a")]
    public void TagThatIsReserved_IsRefused(string tag) => Assert.ThrowsAny<ArgumentException>(() => new EntityModelBuilder().Entity<A>(tag));

    [Fact]
    public void ExpressionThatNamesNoProperty_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new EntityModelBuilder().Entity<A>().Key(x => x.Id + 1));

    [Fact]
    public void TypeWithoutATag_HasItsName()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>();
        Assert.Equal("A", builder.Build().Get(typeof(A)).Name);
    }

    [Fact]
    public void KeyThatBeginsWithTheMark_IsTheSegmentAsItIs()
    {
        var builder = new EntityModelBuilder();
        builder.Entity<A>("a").Parent<B>(x => x.BId);
        builder.Entity<B>("b");
        var model = builder.Build();
        var (a, b) = (model.Find("a")!, model.Find("b")!);
        Assert.Equal("a/@b/1", EntityTags.Collection(a, b, ["1"]).ToString());
        Assert.Equal(b, EntityTags.CollectionParent(EntityTags.Collection(a, b, ["1"]), a));
        // What a route value or a program by hand makes of the key is the row's own tag.
        Assert.Equal(Tag.Of("a", "@b"), EntityTags.Row(a, ["@b"]));
        Assert.Equal("@b", EntityTags.IdOf(EntityTags.Row(a, ["@b"]), a));
        Assert.Equal("@c/1", EntityTags.IdOf(EntityTags.Row(a, ["@c", "1"]), a));
        Assert.Null(EntityTags.IdOf(EntityTags.Collection(a, b, ["1"]), a));
    }

    [Theory]
    [InlineData(42, "42")]
    [InlineData(42L, "42")]
    [InlineData((byte)42, "42")]
    [InlineData(DayOfWeek.Tuesday, "2")]
    [InlineData("a/b", "a/b")]
    [InlineData('x', "x")]
    [InlineData(true, "true")]
    public void ValuesThatTheDatabaseComparesByText_AreSegments(object value, string expected)
    {
        Assert.True(KeyText.TryFormat(value, out var segment));
        Assert.Equal(expected, segment);
    }

    [Fact]
    public void ValuesThatAreEqualInManyTexts_AreNotSegments()
    {
        Assert.False(KeyText.TryFormat(1.0m, out _));
        Assert.False(KeyText.TryFormat(1.0, out _));
        Assert.False(KeyText.TryFormat(DateTime.UnixEpoch, out _));
        Assert.False(KeyText.TryFormat(null, out _));
        Assert.False(KeyText.TryFormat("", out _));
        Assert.False(KeyText.TryFormat("\uD800", out _));
        Assert.False(KeyText.TryFormat(new string('x', 600), out _));
        Assert.False(KeyText.TryFormat("7", KeyKind.Integer, out _));
        Assert.False(KeyText.TryFormat(7, KeyKind.Text, out _));
    }
}
