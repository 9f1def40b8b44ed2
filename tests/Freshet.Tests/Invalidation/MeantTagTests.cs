using Freshet.Invalidation;

namespace Freshet.Tests.Invalidation;

/// <summary>A tag that looks like that of an entity, and is none, is one that nothing touches.</summary>
public class MeantTagTests
{
    private static readonly EntityModel Model = Build();

    [Theory]
    [InlineData("blog", "Blog")]
    [InlineData("BLOG", "Blog")]
    [InlineData("Blogs", "Blog")]
    [InlineData("blogs", "Blog")]
    [InlineData("Blg", "Blog")]
    [InlineData("Bolg", "Blog")]
    [InlineData("Blow", "Blog")]
    [InlineData("Bloog", "Blog")]
    [InlineData("order-line", "OrderLine")]
    [InlineData("order_lines", "OrderLine")]
    [InlineData("categories", "Category")]
    [InlineData("boxes", "Box")]
    [InlineData("ID", "id")]
    [InlineData("Post/@blogs/{}", "Post/@Blog")]
    [InlineData("Post/@blog/5", "Post/@Blog")]
    public void TagNearAnEntity_IsFound(string tag, string meant) => Assert.Equal(meant, MeantTag.Of(Model, Segments(tag)));

    [Theory]
    [InlineData("Blog")]
    [InlineData("Blog/5")]
    [InlineData("Post/@Blog/5")]
    [InlineData("Post/@blog")] // a row whose key is @blog
    [InlineData("rate")]
    [InlineData("Blood")]
    [InlineData("is")] // one letter of two is half of it
    [InlineData("{}/blog")]
    [InlineData("")]
    public void TagThatIsAnEntitys_OrFarFromAll_IsFine(string tag) => Assert.Null(MeantTag.Of(Model, Segments(tag)));

    private static string?[] Segments(string tag) => tag.Length == 0 ? [] : [.. tag.Split('/').Select(s => s == "{}" ? null : s)];

    private static EntityModel Build()
    {
        var builder = new EntityModelBuilder();
        foreach (var name in (string[])["Blog", "OrderLine", "Category", "Box", "id"])
            builder.Entity(name);
        builder.Entity("Post").DerivedFrom("Blog");
        return builder.Build();
    }
}
