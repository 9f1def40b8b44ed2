using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>Whose content it is, in the body and in each row; ids repeat between tenants, so the id alone says nothing.</summary>
public class TenantTests : PlantedTests
{
    private const string Acme = "\"tenant\":\"acme\"";

    /// <summary>An answer of each kind that has a tenant.</summary>
    public static TheoryData<string, string> Bodies => new()
    {
        { "context", """{"version":1,"id":"u-2","tenant":"acme","role":"viewer"}""" },
        { "dashboard", Dashboard(100, 1, 1, 1, 1) },
        { "user", Row("u-1", 1) },
        { "engagement", Row("e-1", 1) },
        { "import", Row("i-1", 1) },
        { "asset", Asset("a-1", "x") },
        { "engagements", List() },
        { "imports", List() },
        { "mappings", List() },
        { "assets", Page(1, 5, 0) },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void BodyOfAnotherTenant_IsCaught(string of, string body)
    {
        Assert.Null(Judge(Vera, CallFor(of), body));
        var other = body.Replace(Acme, "\"tenant\":\"globex\"", StringComparison.Ordinal);
        Assert.Equal(BrokenKind.WrongTenant, Judge(Vera, CallFor(of), other)?.Kind);
        Assert.Equal(BrokenKind.WrongTenant, Judge(Vera, CallFor(of), other, status: 304)?.Kind);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void BodyThatNamesNoTenant_IsCaught(string of, string body) =>
        Assert.Equal(
            BrokenKind.WrongTenant,
            Judge(Vera, CallFor(of), body.Replace(Acme, "\"tenant\":null", StringComparison.Ordinal))?.Kind);

    [Fact]
    public void RowOfAnotherTenantInAList_IsCaught()
    {
        var other = Mapping("m-2", 1).Replace("acme", "globex", StringComparison.Ordinal);
        var broken = Judge(Vera, Api.Mappings("i-1"), List(Mapping("m-1", 1), other));
        Assert.Equal(BrokenKind.WrongTenant, broken?.Kind);
        Assert.Contains("m-2 of globex", broken!.Reason, StringComparison.Ordinal);
        Assert.Equal(
            BrokenKind.WrongTenant,
            Judge(Vera, Api.Mappings("i-1"), List("""{"id":"m-1","version":1,"importId":"i-1"}"""))?.Kind);
    }

    [Fact]
    public void AnswerToAWriteOfAnotherTenant_IsCaughtAndNotRecorded()
    {
        var other = Row("a-1", 7).Replace("acme", "globex", StringComparison.Ordinal);
        Assert.Equal(BrokenKind.WrongTenant, Checker.Acknowledge(AnswerOf(Alice, Api.PatchAsset("a-1", "x"), other, 0, 200))?.Kind);
        Assert.Null(Judge(Vera, Api.Asset("a-1"), Row("a-1", 1)));
    }

    [Fact]
    public void ReferenceDataThatNamesATenant_IsCaught()
    {
        Assert.Null(Judge(Vera, Api.Countries("en"), """{"version":1,"items":[]}"""));
        Assert.Equal(BrokenKind.WrongTenant, Judge(Vera, Api.Countries("en"), """{"version":1,"tenant":"acme","items":[]}""")?.Kind);
    }

    [Fact]
    public void SameIdOfAnotherTenant_IsAnotherRow()
    {
        Ledger.Acknowledge(Alice, "globex", Content.Read(Api.Import("i-1"), """{"tenant":"globex","id":"i-1","version":7}"""u8));
        Assert.Null(Judge(Vera, Api.Import("i-1"), Row("i-1", 1)));
    }

    private static Call CallFor(string body) => body switch
    {
        "context" => Api.Context,
        "dashboard" => Api.Dashboard,
        "user" => Api.User("u-1"),
        "engagement" => Api.Engagement("e-1"),
        "import" => Api.Import("i-1"),
        "asset" => Api.Asset("a-1"),
        "engagements" => Api.Engagements,
        "imports" => Api.Imports,
        "mappings" => Api.Mappings("i-1"),
        _ => Api.Assets("e-1", 1, 5),
    };
}
